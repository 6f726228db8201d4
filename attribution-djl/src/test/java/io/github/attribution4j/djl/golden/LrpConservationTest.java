// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks without biases hand all of the score back: what is missing or added is an error of a rule. */
class LrpConservationTest {
    private static final Path FOLDER = GoldenData.folder().resolve("lrp_rules");

    private static JsonObject entry(String network) {
        return GoldenData.read(FOLDER.resolve("manifest.json"))
                .getAsJsonObject()
                .getAsJsonObject("conserving")
                .getAsJsonObject(network);
    }

    private static TorchScriptModel load(String network, String kind) {
        String file = entry(network).getAsJsonObject("archives").get(kind).getAsString();
        return TorchScriptModel.load(FOLDER.resolve(file), TorchGolden.options());
    }

    /** Examples drawn row by row. */
    private static Inputs examples(TorchScriptModel model, String network, int first, int rows) {
        List<Long> shape = new ArrayList<>(List.of((long) rows));
        int each = 1;
        for (var size : entry(network).getAsJsonArray("shape")) {
            shape.add(size.getAsLong());
            each *= size.getAsInt();
        }
        float[] values = new float[rows * each];
        for (int row = 0; row < rows; row++) {
            SplittableRandom random = new SplittableRandom(first + row);
            for (int i = 0; i < each; i++) {
                values[row * each + i] = (float) (random.nextDouble() * 4 - 2);
            }
        }
        return Inputs.of(model.tensors()
                .of(values, shape.stream().mapToLong(Long::longValue).toArray()));
    }

    private static Map<String, RuleSet> composites(String network) {
        Map<String, RuleSet> sets = new LinkedHashMap<>();
        if (network.equals("encoder") || network.equals("vit")) {
            sets.put("constant attention", Composites.conservativeTransformer());
            // The Taylor rule of softmax keeps a part to itself; all else of AttnLRP conserves.
            sets.put(
                    "AttnLRP but for its softmax",
                    Composites.attnLrp().override(Operation.Selector.kind(Operation.Kind.SOFTMAX), Rules.pass()));
            return sets;
        }
        sets.put("epsilon", Composites.epsilon(1e-6));
        sets.put("epsilon-plus", Composites.epsilonPlus());
        sets.put("epsilon-plus-flat", Composites.epsilonPlusFlat());
        if (network.equals("vgg")) {
            // Where all contributions to a value have one sign, as at some of a shortcut's convolution of size 1, the
            // share of the other sign is lost.
            sets.put("epsilon-alpha2-beta1", Composites.epsilonAlpha2Beta1());
            sets.put("epsilon-alpha2-beta1-flat", Composites.epsilonAlpha2Beta1Flat());
        }
        sets.put("epsilon-gamma-box", Composites.epsilonGammaBox(-2, 2));
        return sets;
    }

    /** Where all of the score has to be; empty for the inputs. */
    private static List<String> layers(String network) {
        return switch (network) {
            case "resnet" -> List.of("", "maxpool", "layer1", "layer2.0", "avgpool");
            // Before the blocks the class token and the positions, which are constants, take their share.
            case "vit" -> List.of("blocks:in", "blocks.0", "ln");
            default -> List.of("");
        };
    }

    private static double sum(Tensor tensor, int row, int rows) {
        double[] values = tensor.toDoubleArray();
        int each = values.length / rows;
        double sum = 0;
        for (int i = row * each; i < (row + 1) * each; i++) {
            sum += values[i];
        }
        return sum;
    }

    @DisplayName("Composites conserve relevance to 1e-3 on networks in the style of VGG, ResNet and ViT and on a"
            + " transformer encoder")
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({
        "vgg, scripted",
        "vgg, traced",
        "resnet, scripted",
        "resnet, traced",
        "encoder, scripted",
        "encoder, traced",
        "vit, scripted",
        "vit, traced"
    })
    void conserves(String network, String kind) {
        List<String> failures = new ArrayList<>();
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = load(network, kind)) {
            Inputs inputs = examples(model, network, 1, 2);
            double[] scores = model.forward(inputs).toDoubleArray();
            composites(network).forEach((name, rules) -> {
                for (String layer : layers(network)) {
                    double[] sums = sums(model, rules, layer, inputs);
                    for (int row = 0; row < 2; row++) {
                        double score = scores[row * scores.length / 2 + 1];
                        if (!(Math.abs(sums[row] - score) <= 1e-3 * Math.abs(score))) {
                            failures.add(name + " at '" + layer + "': " + sums[row] + " of " + score);
                        }
                    }
                }
            });
        }
        assertThat(failures).isEmpty();
    }

    /** The relevance of both examples, summed. */
    private static double[] sums(TorchScriptModel model, RuleSet rules, String layer, Inputs inputs) {
        try (Explanation why = (layer.isEmpty() ? new Lrp(rules) : new Lrp(rules).at(layer))
                .attribute(model, inputs, Target.index(1), Run.defaults())) {
            return new double[] {sum(why.attribution(), 0, 2), sum(why.attribution(), 1, 2)};
        }
    }

    @DisplayName("AttnLRP conserves all relevance behind the last softmax, which by its Taylor rule keeps a part")
    @ParameterizedTest(name = "{0}")
    @CsvSource({"scripted", "traced"})
    void attnLrpOnAVisionTransformer(String kind) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = load("vit", kind)) {
            Inputs inputs = examples(model, "vit", 1, 2);
            double[] scores = model.forward(inputs).toDoubleArray();
            double[] expected = {scores[1], scores[scores.length / 2 + 1]};
            Offset<Double> tolerance = Offset.offset(1e-3 * Math.min(Math.abs(expected[0]), Math.abs(expected[1])));
            for (String layer : List.of("blocks.1/add#0", "blocks.1", "ln")) {
                assertThat(sums(model, Composites.attnLrp(), layer, inputs))
                        .as(layer)
                        .containsExactly(expected, tolerance);
            }
            double[] before = sums(model, Composites.attnLrp(), "blocks.0", inputs);
            for (int row = 0; row < 2; row++) {
                assertThat(before[row]).isNotCloseTo(expected[row], tolerance);
            }
        }
    }

    @Test
    @DisplayName("Each example is explained alone, independent of the rest of its batch")
    void batches() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = load("resnet", "scripted")) {
            Lrp lrp = new Lrp(Composites.epsilonAlpha2Beta1Flat());
            double[] together = relevance(model, lrp, examples(model, "resnet", 1, 3));
            for (int row = 0; row < 3; row++) {
                double[] alone = relevance(model, lrp, examples(model, "resnet", 1 + row, 1));
                double largest = 0;
                for (double value : alone) {
                    largest = Math.max(largest, Math.abs(value));
                }
                for (int i = 0; i < alone.length; i++) {
                    assertThat(together[row * alone.length + i]).isCloseTo(alone[i], Offset.offset(1e-4 * largest));
                }
            }
        }
    }

    private static double[] relevance(TorchScriptModel model, Lrp lrp, Inputs inputs) {
        try (Explanation why = lrp.attribute(model, inputs, Target.index(2), Run.defaults())) {
            return why.attribution().toDoubleArray();
        }
    }

    @Test
    @DisplayName("Threads with rule sets of their own get the bits that one thread gets")
    void threads() throws Exception {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = load("resnet", "traced")) {
            Inputs inputs = examples(model, "resnet", 7, 2);
            List<Lrp> methods =
                    composites("resnet").values().stream().map(Lrp::new).toList();
            List<double[]> alone =
                    methods.stream().map(lrp -> relevance(model, lrp, inputs)).toList();
            ExecutorService pool = Executors.newFixedThreadPool(8);
            try {
                List<Callable<double[]>> tasks = new ArrayList<>();
                for (int i = 0; i < 24; i++) {
                    Lrp lrp = methods.get(i % methods.size());
                    tasks.add(() -> {
                        try (TensorScope own = TensorScope.open()) {
                            return relevance(model, lrp, inputs);
                        }
                    });
                }
                List<Future<double[]>> results = pool.invokeAll(tasks);
                for (int i = 0; i < results.size(); i++) {
                    assertThat(results.get(i).get()).isEqualTo(alone.get(i % methods.size()));
                }
            } finally {
                pool.shutdownNow();
            }
        }
    }

    @Test
    @DisplayName("A value between a convolution and its batch norm has relevance by the batch norm's own rule")
    void betweenMergedOperations() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = load("resnet", "scripted")) {
            Inputs inputs = examples(model, "resnet", 3, 1);
            RuleSet passing = Composites.epsilonPlus()
                    .override(Operation.Selector.kind(Operation.Kind.NORMALIZATION), new BackwardRule.Pass());
            try (Explanation before = new Lrp(passing)
                            .at("layer2.0.conv2")
                            .attribute(model, inputs, Target.index(1), Run.defaults());
                    Explanation behind = new Lrp(passing)
                            .at("layer2.0.bn2")
                            .attribute(model, inputs, Target.index(1), Run.defaults())) {
                double[] expected = behind.attribution().toDoubleArray();
                assertThat(before.attribution().toDoubleArray()).containsExactly(expected, Offset.offset(1e-6));
                assertThat(Arrays.stream(expected).anyMatch(value -> value != 0))
                        .isTrue();
            }
        }
    }
}
