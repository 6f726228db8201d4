// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.robust.Attack;
import io.github.attribution4j.robust.Attacked;
import io.github.attribution4j.robust.Bounds;
import io.github.attribution4j.robust.Goal;
import io.github.attribution4j.robust.GradientAttack;
import io.github.attribution4j.robust.MinimalPerturbation;
import io.github.attribution4j.robust.MinimalPerturbation.Search;
import io.github.attribution4j.robust.Norm;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Replays the attacks of {@code golden/robust.py}, which Captum made. */
public final class AttackReplay {
    private static final double RADIUS = 0.1;
    private static final double STEP = 0.03;
    private static final int STEPS = 7;

    private final String name;
    private final Map<String, Tensor> golden;

    private AttackReplay(String name, Map<String, Tensor> golden) {
        this.name = name;
        this.golden = golden;
    }

    /** Returns the arrays of the file, in the current scope. */
    public static Map<String, Tensor> arrays() {
        return GoldenModel.arrays(GoldenData.folder().resolve("robust").resolve("robust.npz"), Tensors.ofJava());
    }

    /**
     * Attacks a model in all the ways of the file and compares.
     *
     * @param name of the model in the file
     * @param close tolerance of inputs, outputs and amounts
     */
    public static void check(String name, DifferentiableModel model, Inputs inputs, double close) {
        try (TensorScope scope = TensorScope.open()) {
            new AttackReplay(name, arrays()).check(model, inputs, close);
        }
    }

    private Tensor array(String key) {
        return Objects.requireNonNull(golden.get(name + "/" + key), key);
    }

    private double[] numbers(String key) {
        return array(key).toDoubleArray();
    }

    private Goal goal(String classes) {
        Goal goal = classes.equals("labels")
                ? Goal.away(array("labels").toLongArray())
                : Goal.towards(array("others").toLongArray());
        return goal.by(numbers("probabilities")[0] == 1 ? Loss.logLoss() : Loss.crossEntropy());
    }

    private void check(DifferentiableModel model, Inputs inputs, double close) {
        double[] ends = numbers("bounds");
        Bounds bounds = Bounds.between(ends[0], ends[1]);
        List<Tensor> masks = new ArrayList<>();
        inputs.attributedInputs().forEach(input -> masks.add(array("mask/" + input.name())));
        Tensor[] mask = masks.toArray(Tensor[]::new);
        Map<String, Attack<? super DifferentiableModel>> attacks = new LinkedHashMap<>();
        attacks.put("fgsm", GradientAttack.fgsm(RADIUS));
        attacks.put("fgsm targeted", GradientAttack.fgsm(RADIUS));
        attacks.put("fgsm bounded", GradientAttack.fgsm(RADIUS).bounds(bounds));
        attacks.put("fgsm masked", GradientAttack.fgsm(RADIUS).mask(mask));
        GradientAttack pgd = GradientAttack.pgd(RADIUS).steps(STEPS).step(STEP).keepBest(false);
        GradientAttack round = pgd.radius(5 * RADIUS).norm(Norm.L2).signSteps(true);
        attacks.put("pgd Linf", pgd);
        attacks.put("pgd Linf targeted", pgd.bounds(bounds).mask(mask));
        attacks.put("pgd L2", round);
        attacks.put("pgd L2 targeted", round.bounds(bounds).mask(mask));
        attacks.forEach((kind, attack) -> {
            Goal goal = goal(kind.endsWith("targeted") ? "others" : "labels");
            try (Attacked attacked = attack.attack(model, inputs, goal)) {
                List<Inputs.Input> attributed = inputs.attributedInputs();
                for (int i = 0; i < attributed.size(); i++) {
                    assertThat(attacked.changed().get(i).toDoubleArray())
                            .as("%s of %s, %s", attributed.get(i).name(), name, kind)
                            .containsExactly(
                                    numbers(kind + "/" + attributed.get(i).name()), within(close));
                }
                assertThat(attacked.output().toDoubleArray())
                        .as("output of %s, %s", name, kind)
                        .containsExactly(numbers(kind + "/output"), within(close));
            }
        });
        for (Search search : Search.values()) {
            try (Attacked attacked = MinimalPerturbation.of(r -> GradientAttack.fgsm(r), 0.02, 0.88, 0.02)
                    .search(search)
                    .attack(model, inputs, goal("labels"))) {
                double[] expected = numbers("minimal " + search);
                for (int example = 0; example < expected.length; example++) {
                    if (Double.isNaN(expected[example])) {
                        assertThat(attacked.amounts()[example]).isNaN();
                    } else {
                        assertThat(attacked.amounts()[example])
                                .as("least radius of %s, %s, example %d", name, search, example)
                                .isEqualTo(expected[example], within(close));
                    }
                }
            }
        }
    }
}
