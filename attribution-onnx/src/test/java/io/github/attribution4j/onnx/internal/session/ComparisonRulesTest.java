// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The multipliers of each operator alone, with every attribute, add up: Σ m · Δx = Δy. The references have the numbers
 * of the inputs in another order, so that every function is defined there too.
 */
class ComparisonRulesTest {
    private static final Golden GOLDEN = Golden.read("operators.npz");

    /** What no rule is known for. */
    private static final Pattern REFUSED = Pattern.compile(
            "cum_prod_.*|scatter_.*_(max|min|mul)|grid_sample_(?!image).*" + "|max_of_bounds|reduce_prod_axes_given");

    /** Its places become numbers: whole numbers have no multipliers. */
    private static final String WHOLE_NUMBERS = "top_k_places_read";

    @TestFactory
    Stream<DynamicTest> multipliers_add_up() {
        return GOLDEN.cases().stream()
                .filter(name -> !REFUSED.matcher(name).matches() && !name.equals(WHOLE_NUMBERS))
                .flatMap(name -> Stream.of("fixed", "open")
                        .map(sizes -> DynamicTest.dynamicTest(name + ", " + sizes, () -> check(name, sizes))));
    }

    @TestFactory
    Stream<DynamicTest> what_has_no_rule_is_refused_by_name() {
        return GOLDEN.cases().stream()
                .filter(name -> REFUSED.matcher(name).matches())
                .map(name -> DynamicTest.dynamicTest(
                        name,
                        () -> assertThatThrownBy(() -> check(name, "fixed"))
                                .isInstanceOf(UnsupportedModelException.class)
                                .hasMessageContaining("operation '" + name + "/")));
    }

    private static Tensor reordered(String name, Tensor tensor) {
        double[] numbers = tensor.toDoubleArray();
        Random random = new Random(name.hashCode());
        double[] other = numbers.clone();
        if (other.length == 1) {
            other[0] *= name.startsWith("acosh") ? 1.1 : 0.9;
        }
        for (int i = other.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            double number = other[i];
            other[i] = other[j];
            other[j] = number;
        }
        return Tensors.ofJava().of(other, tensor.dataType(), tensor.shape());
    }

    private static void check(String name, String sizes) {
        Map<String, Tensor> inputs = GOLDEN.below(name + "/in/");
        Map<String, Tensor> references = new LinkedHashMap<>();
        GOLDEN.below(name + "/d/").keySet().forEach(value -> references.put(value, reordered(name, inputs.get(value))));
        Map<String, Tensor> there = new LinkedHashMap<>(inputs);
        there.putAll(references);
        Tensor cotangent = GOLDEN.tensor(name + "/g");
        float[] g = cotangent.toFloatArray();
        try (OnnxFile file = OnnxFile.of(GOLDEN.bytes(name + "/" + sizes));
                Runs runs = new Runs(file, inputs);
                Runs other = new Runs(file, there)) {
            float[] now = runs.forward("y");
            float[] then = other.forward("y");
            double expected = 0;
            double size = 0;
            for (int i = 0; i < g.length; i++) {
                expected += g[i] * ((double) now[i] - then[i]);
                size += Math.abs(g[i]) * (Math.abs(now[i]) + Math.abs(then[i]));
            }
            Woven woven = runs.weave(List.copyOf(references.keySet()), "y", new DeepLift().rules(), references);
            Map<String, float[]> fused = runs.fused(woven, cotangent, Optimization.BASIC);
            Map<String, float[]> split = runs.split(woven, cotangent, Optimization.BASIC);
            double sum = 0;
            for (String value : references.keySet()) {
                double[] x = inputs.get(value).toDoubleArray();
                double[] x0 = references.get(value).toDoubleArray();
                float[] m = fused.getOrDefault(value, new float[x.length]);
                assertThat(m).hasSameSizeAs(x);
                for (int i = 0; i < m.length; i++) {
                    sum += m[i] * (x[i] - x0[i]);
                    size += Math.abs(m[i] * (x[i] - x0[i]));
                }
                assertThat(split.getOrDefault(value, m)).as("split, %s", value).isEqualTo(m);
            }
            if (Double.isFinite(expected)) {
                assertThat(sum).isCloseTo(expected, offset(1e-5 * Math.max(size, 0.1)));
            }
        }
    }
}
