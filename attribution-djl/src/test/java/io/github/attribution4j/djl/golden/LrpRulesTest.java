// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Relevance rules against explicit matrices in float64, written by {@code golden/lrp_rules.py}. */
class LrpRulesTest {
    private static final Path FOLDER = GoldenData.folder().resolve("lrp_rules");
    private static final double TOLERANCE = 1e-8;

    static Stream<String> archives() {
        JsonObject manifest = manifest();
        return manifest.keySet().stream()
                .flatMap(name -> manifest.getAsJsonObject(name).getAsJsonObject("archives").keySet().stream()
                        .map(kind -> name + "/" + kind));
    }

    private static JsonObject manifest() {
        return GoldenData.read(FOLDER.resolve("manifest.json"))
                .getAsJsonObject()
                .getAsJsonObject("rules");
    }

    @DisplayName("Every rule and mixture of rules gives the relevance of the matrices, at the input and at layers")
    @ParameterizedTest(name = "{0}")
    @MethodSource("archives")
    void agrees(String archive) throws IOException {
        String name = archive.substring(0, archive.indexOf('/'));
        String kind = archive.substring(archive.indexOf('/') + 1);
        JsonObject entry = manifest().getAsJsonObject(name);
        Path file = FOLDER.resolve(entry.getAsJsonObject("archives").get(kind).getAsString());
        List<String> failures = new ArrayList<>();
        int compared = 0;
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(file, TorchGolden.options())) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(FOLDER.resolve("cases.npz"), model.tensors());
            Inputs inputs = Inputs.of(arrays.get(name + "/x"));
            Tensor relevance = relevance(arrays.get(name + "/output"), entry);
            for (JsonObject each : GoldenCase.objects(entry.get("cases"))) {
                String label = name + "/" + each.get("name").getAsString() + "/";
                if (kind.equals("frozen") && each.get("rules").toString().contains("\"module ")) {
                    continue;
                }
                RuledModel.Copy ruled = model.with(rules(each));
                try (BackwardRun run = ruled.run(inputs)) {
                    compare(run.output(), arrays.get(name + "/output"), label + "output", failures);
                    compare(run.back(relevance).get(0), arrays.get(label + "x"), label + "x", failures);
                }
                compared++;
                for (JsonElement layer : each.getAsJsonArray("layers")) {
                    if (!kind.equals("frozen")) {
                        String at = layer.getAsString();
                        try (BackwardRun run = ruled.cut(model.cut(at).points()).run(inputs)) {
                            compare(run.back(relevance).get(0), arrays.get(label + at), label + at, failures);
                        }
                    }
                }
            }
        }
        assertThat(failures).isEmpty();
        assertThat(compared).isGreaterThan(10);
    }

    /** The output at the target of each example. */
    private static Tensor relevance(Tensor output, JsonObject entry) {
        double[] values = output.toDoubleArray();
        int width = (int) output.shape().dim(1);
        double[] chosen = new double[values.length];
        for (int row = 0; row * width < values.length; row++) {
            int at = row * width + entry.getAsJsonArray("targets").get(row).getAsInt();
            chosen[at] = values[at];
        }
        return output.tensors().of(chosen, output.shape());
    }

    private static void compare(Tensor actual, Tensor expected, String what, List<String> failures) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        double[] a = actual.toDoubleArray();
        double[] e = expected.toDoubleArray();
        double largest = Arrays.stream(e).map(Math::abs).max().orElse(0);
        double worst = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = Math.abs(a[i] - e[i]);
            worst = difference <= worst ? worst : difference;
            worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : worst;
        }
        if (worst > TOLERANCE * Math.max(largest, 1e-3)) {
            failures.add(what + ": differs by " + worst + ", largest " + largest);
        }
    }

    private static RuleSet rules(JsonObject entry) {
        RuleSet rules = null;
        for (JsonElement line : entry.getAsJsonArray("rules")) {
            String[] selector = line.getAsJsonArray().get(0).getAsString().split(" ");
            BackwardRule rule = rule(line.getAsJsonArray().get(1).getAsString());
            rules = rules == null ? RuleSet.of(selector(selector), rule) : rules.rule(selector(selector), rule);
        }
        return Objects.requireNonNull(rules);
    }

    private static Operation.Selector selector(String[] words) {
        return switch (words[0]) {
            case "first" -> Operation.Selector.first(Operation.Kind.WEIGHTED);
            case "kind" -> Operation.Selector.kind(Operation.Kind.valueOf(words[1]));
            case "module" -> Operation.Selector.module(words[1]);
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private static BackwardRule rule(String text) {
        String name = text.replaceAll(":.*", "");
        double[] n = name.equals(text)
                ? new double[0]
                : Stream.of(text.substring(name.length() + 1).split(","))
                        .mapToDouble(Double::parseDouble)
                        .toArray();
        return switch (name) {
            case "epsilon" -> Rules.epsilon(n[0]);
            case "gamma" -> Rules.gamma(n[0]);
            case "alpha-beta" -> Rules.alphaBeta(n[0], n[1]);
            case "z-plus" -> Rules.zPlus();
            case "z-box" -> Rules.zBox(Arrays.copyOf(n, n.length / 2), Arrays.copyOfRange(n, n.length / 2, n.length));
            case "w-square" -> Rules.wSquare();
            case "flat" -> Rules.flat();
            case "pass" -> Rules.pass();
            case "norm" -> new BackwardRule.Norm(n[0]);
            case "constant-deviation" -> new BackwardRule.ConstantDeviation(n[0]);
            case "softmax-taylor" -> Rules.softmaxTaylor();
            case "stop" -> Rules.stop();
            case "uniform" -> new BackwardRule.Uniform(n[0]);
            case "gradient" -> Rules.gradient();
            default -> throw new IllegalArgumentException(text);
        };
    }
}
