// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.concept.Cav;
import io.github.attribution4j.concept.Cavs;
import io.github.attribution4j.concept.ConceptScore;
import io.github.attribution4j.concept.ConceptScores;
import io.github.attribution4j.concept.Tcav;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What golden/concepts.py computed with Captum's TCAV for the vectors in its file, on the golden model {@code cnn}. */
public final class ConceptReplay {
    private static final double CLOSE = 1e-4;
    private static final List<String> LAYERS = List.of("maxpool", "layer1", "avgpool");
    private static final Map<String, Integer> SETS = Map.of("two", 2, "three", 3);
    private static final int[] TARGETS = {0, 3};

    private ConceptReplay() {}

    /** Scores the vectors of the file, and compares sign counts and magnitudes. */
    public static void check(LayeredModel model) {
        Map<String, Tensor> golden =
                GoldenModel.arrays(GoldenData.data().resolve("../concepts/tcav.npz"), Tensors.ofJava());
        List<Cav> cavs = new ArrayList<>();
        for (String layer : LAYERS) {
            SETS.forEach((set, count) -> {
                double[] all = array(golden, layer + " " + set + " weights").toDoubleArray();
                int size = all.length / count;
                for (int i = 0; i < count; i++) {
                    cavs.add(Cav.of(set + i, layer, Arrays.copyOfRange(all, i * size, (i + 1) * size)));
                }
            });
        }
        ConceptScores scores = new Tcav(LAYERS.toArray(String[]::new))
                .score(
                        model,
                        Inputs.of(array(golden, "inputs")),
                        List.of(Target.index(TARGETS[0]), Target.index(TARGETS[1])),
                        Cavs.of(cavs),
                        Run.defaults());
        for (int target = 0; target < TARGETS.length; target++) {
            for (Cav cav : cavs) {
                ConceptScore score = scores.get(cav.concept(), cav.layer(), target);
                String set = cav.concept().substring(0, cav.concept().length() - 1);
                int number = cav.concept().charAt(cav.concept().length() - 1) - '0';
                for (String kind : List.of("sign_count", "magnitude")) {
                    String key = cav.layer() + " " + set + " " + kind + " " + TARGETS[target];
                    double expected = array(golden, key).toDoubleArray()[number];
                    assertThat(kind.equals("magnitude") ? score.magnitude() : score.signCount())
                            .as(key + " of concept " + number)
                            .isCloseTo(expected, within(CLOSE));
                }
            }
        }
    }

    private static Tensor array(Map<String, Tensor> golden, String name) {
        return Objects.requireNonNull(golden.get(name), name);
    }
}
