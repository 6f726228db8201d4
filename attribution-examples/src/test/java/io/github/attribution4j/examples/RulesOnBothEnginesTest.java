// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same network as a TorchScript archive in float64 and as the files of both exporters to ONNX in float32: every set
 * of rules passes back the same. Networks without ReLUs refuse rules for ReLUs on both.
 */
class RulesOnBothEnginesTest {
    /** Of the largest number, in float32; relevance is made of quotients of sums that may nearly vanish. */
    private static final double GRADIENTS = 1e-4;

    private static final double RELEVANCE = 1e-3;
    private static final LoadOptions DOUBLES = LoadOptions.defaults().dataType(DataType.FLOAT64);
    private static final Map<String, Double> WORST = new TreeMap<>();

    private static Map<String, RuleSet> sets() {
        Map<String, RuleSet> sets = new LinkedHashMap<>();
        sets.put("guided", RuleSet.relus(new BackwardRule.GuidedRelu()));
        sets.put("deconvolution", RuleSet.relus(new BackwardRule.DeconvolutionRelu()));
        sets.put("epsilon", Composites.epsilon(1e-6));
        sets.put("wide epsilon", Composites.epsilon(1e-3));
        sets.put("epsilon-plus", Composites.epsilonPlus());
        sets.put("epsilon-plus-flat", Composites.epsilonPlusFlat());
        sets.put("epsilon-alpha2-beta1", Composites.epsilonAlpha2Beta1());
        sets.put("epsilon-alpha2-beta1-flat", Composites.epsilonAlpha2Beta1Flat());
        sets.put("epsilon-gamma-box", Composites.epsilonGammaBox(-4, 4));
        sets.put("attn-lrp", Composites.attnLrp());
        sets.put("conservative-transformer", Composites.conservativeTransformer());
        return sets;
    }

    static Stream<String> networks() {
        return Stream.concat(GoldenData.entries().stream(), GoldenData.entries(GoldenData.propagation()).stream())
                .filter(entry -> entry.kind().equals("scripted"))
                .map(GoldenData.Entry::model)
                .distinct();
    }

    private static GoldenData.Entry entry(String network) {
        return Stream.concat(GoldenData.entries(GoldenData.propagation()).stream(), GoldenData.entries().stream())
                .filter(entry ->
                        entry.kind().equals("scripted") && entry.model().equals(network))
                .findFirst()
                .orElseThrow();
    }

    private static Path file(GoldenData.Entry entry, String exporter) {
        Path own = GoldenData.folder().resolve("onnx/rules").resolve(entry.model() + "." + exporter + ".onnx");
        boolean ruled = entry.folder().equals(GoldenData.propagation()) && Files.exists(own);
        return ruled ? own : GoldenData.onnx(entry.model(), exporter);
    }

    @DisplayName("Every set of rules passes back the same")
    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void agree(String network) {
        GoldenData.Entry entry = entry(network);
        List<String> failures = new ArrayList<>();
        int compared = 0;
        try (TensorScope scope = TensorScope.open();
                GoldenModel<TorchScriptModel> archive = GoldenModel.of(entry, TorchScriptModel.load(entry.archive()));
                GoldenModel<TorchScriptModel> wide =
                        GoldenModel.of(entry, TorchScriptModel.load(entry.archive(), DOUBLES))) {
            Inputs inputs = archive.inputs();
            if (inputs.attributed().stream()
                    .anyMatch(tensor -> !tensor.dataType().isFloating())) {
                return;
            }
            for (Map.Entry<String, RuleSet> set : sets().entrySet()) {
                if (set.getKey().equals("wide epsilon") && network.equals("transformer_encoder")) {
                    // Exporters scale queries and keys, so that a wide stabilizer acts on smaller scores.
                    continue;
                }
                List<double[]> expected = back(archive.model(), inputs, set.getValue());
                List<double[]> exact = back(wide.model(), doubles(inputs), set.getValue());
                // Where sums nearly vanish, single precision itself is off, on each engine in its own way.
                double rounding = gap(expected, exact);
                for (String exporter : List.of("script", "dynamo")) {
                    try (GoldenModel<OnnxModel> file = GoldenModel.of(entry, OnnxModel.load(file(entry, exporter)))) {
                        String what = network + "." + exporter + " " + set.getKey();
                        List<double[]> actual = back(file.model(), file.inputs(), set.getValue());
                        double gap = gap(actual, exact);
                        compared += expected.isEmpty() ? 0 : 1;
                        WORST.merge(set.getKey(), gap, Math::max);
                        boolean gradients =
                                set.getKey().equals("guided") || set.getKey().equals("deconvolution");
                        if (!(gap <= Math.max(2 * rounding, gradients ? GRADIENTS : RELEVANCE))) {
                            failures.add(what + ": " + gap + ", the archive in float32 " + rounding);
                        }
                    } catch (UnsupportedModelException e) {
                        failures.add(network + "." + exporter + " " + set.getKey() + ": " + e.getMessage());
                    }
                }
            }
        }
        assertThat(failures).isEmpty();
        assertThat(compared).isGreaterThanOrEqualTo(2 * 7);
    }

    private static Inputs doubles(Inputs inputs) {
        Inputs wide = Inputs.none();
        for (Inputs.Input input : inputs.all()) {
            Tensor tensor = input.tensor();
            wide = wide.with(new Inputs.Input(
                    input.name(), tensor.dataType().isFloating() ? tensor.to(DataType.FLOAT64) : tensor, input.role()));
        }
        return wide;
    }

    /** What comes back; nothing if rules for ReLUs are refused for want of ReLUs, or all relevance stops. */
    private static List<double[]> back(RuledModel model, Inputs inputs, RuleSet rules) {
        boolean relus = rules.family() == BackwardRule.Family.GUIDED;
        if (relus && rules.selected(model.operations()).isEmpty()) {
            return List.of();
        }
        List<double[]> numbers = new ArrayList<>();
        try (TensorScope scope = TensorScope.open();
                BackwardRun run = model.with(rules).run(inputs)) {
            Tensor output = run.output();
            double[] sent = output.toDoubleArray();
            for (int i = 0; i < sent.length; i++) {
                sent[i] = Math.cos(1.3 * i) * (relus ? 1 : sent[i]);
            }
            Tensor relevance = output.tensors().of(sent, output.shape()).to(output.dataType());
            run.back(relevance).forEach(part -> numbers.add(part.toDoubleArray()));
        } catch (ModelException e) {
            // A softmax at the end, and rules by which nothing passes a softmax.
            if (!rules.equals(Composites.conservativeTransformer())) {
                throw e;
            }
        }
        return numbers;
    }

    private static double gap(List<double[]> actual, List<double[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).hasSameSizeAs(expected.get(i));
            for (int k = 0; k < expected.get(i).length; k++) {
                largest = Math.max(largest, Math.abs(expected.get(i)[k]));
                double gap = Math.abs(actual.get(i)[k] - expected.get(i)[k]);
                worst = Double.isNaN(gap) ? Double.POSITIVE_INFINITY : Math.max(worst, gap);
            }
        }
        return largest == 0 ? worst : worst / largest;
    }

    @AfterAll
    static void report(TestReporter reporter) {
        WORST.forEach((set, worst) -> reporter.publishEntry(set, "differs by " + worst));
    }
}
