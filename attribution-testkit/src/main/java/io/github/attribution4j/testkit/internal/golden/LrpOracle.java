// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/** Relevance rules against explicit matrices in float64, written by {@code golden/lrp_rules.py}. */
public final class LrpOracle {
    private static final Path FOLDER = GoldenData.folder().resolve("lrp_rules");

    private LrpOracle() {}

    /** Returns the networks: for each its archives and cases. */
    public static JsonObject networks() {
        return GoldenData.read(FOLDER.resolve("manifest.json"))
                .getAsJsonObject()
                .getAsJsonObject("rules");
    }

    /** Returns the file of a network's archive. */
    public static Path archive(String network, String kind) {
        String file = networks()
                .getAsJsonObject(network)
                .getAsJsonObject("archives")
                .get(kind)
                .getAsString();
        return FOLDER.resolve(file);
    }

    /**
     * Checks every case of a network, at the input and at layers.
     *
     * @param type of the model's numbers
     * @param tolerance the largest difference, divided by the largest number of a result
     * @param can whether the model has what a case, given as JSON, needs; and, if the second argument is not empty,
     *     that layer
     * @return the largest difference, divided by the largest number of its result
     */
    public static double check(
            RuledModel model, String network, DataType type, double tolerance, BiPredicate<String, String> can) {
        JsonObject entry = networks().getAsJsonObject(network);
        List<String> failures = new ArrayList<>();
        int compared = 0;
        double worst = 0;
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(FOLDER.resolve("cases.npz"), model.tensors());
            Inputs inputs = Inputs.of(array(arrays, network + "/x").to(type));
            Tensor relevance =
                    relevance(array(arrays, network + "/output"), entry).to(type);
            for (JsonObject each : GoldenCase.objects(entry.get("cases"))) {
                String label = network + "/" + each.get("name").getAsString() + "/";
                if (!can.test(each.toString(), "")) {
                    continue;
                }
                RuledModel.Copy ruled = model.with(rules(each));
                Map<String, double[]> found = new LinkedHashMap<>();
                try (BackwardRun run = ruled.run(inputs)) {
                    found.put("x", run.back(relevance).get(0).toDoubleArray());
                    worst = Math.max(worst, gap(run.output().toDoubleArray(), array(arrays, network + "/output")));
                }
                compared++;
                for (JsonElement layer : each.getAsJsonArray("layers")) {
                    String at = layer.getAsString();
                    if (can.test(each.toString(), at)) {
                        try (BackwardRun run = ruled.cut(model.cut(at).points()).run(inputs)) {
                            found.put(at, run.back(relevance).get(0).toDoubleArray());
                        }
                    }
                }
                for (Map.Entry<String, double[]> one : found.entrySet()) {
                    double gap = gap(one.getValue(), array(arrays, label + one.getKey()));
                    worst = Math.max(worst, gap);
                    if (!(gap <= tolerance)) {
                        failures.add(label + one.getKey() + ": differs by " + gap + " of the largest number");
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(failures).isEmpty();
        assertThat(worst).as("outputs and relevance").isLessThanOrEqualTo(tolerance);
        assertThat(compared).isGreaterThan(10);
        return worst;
    }

    private static Tensor array(Map<String, Tensor> arrays, String name) {
        return Objects.requireNonNull(arrays.get(name), name);
    }

    /** The largest difference, divided by the largest number. */
    private static double gap(double[] actual, Tensor wanted) {
        double[] expected = wanted.toDoubleArray();
        assertThat(actual).hasSameSizeAs(expected);
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        double worst = 0;
        for (int i = 0; i < actual.length; i++) {
            double difference = Math.abs(actual[i] - expected[i]);
            worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
        }
        return worst / Math.max(largest, 1e-3);
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
