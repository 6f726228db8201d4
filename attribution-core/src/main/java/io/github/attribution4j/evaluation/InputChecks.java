// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.internal.numeric.FiniteValues;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description.Need;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Checks of inputs before a model runs. */
final class InputChecks {
    private static final int LISTED_DRAWS = 3;

    private InputChecks() {}

    /**
     * Checks that elements are finite, and makes digests of the inputs in the same pass; none for a computation
     * inside another.
     */
    static List<String> digests(Recipe recipe, Inputs inputs, boolean nested, Problems problems) {
        List<String> digests = new ArrayList<>();
        for (Inputs.Input input : inputs.all()) {
            boolean finite;
            // The provenance of a computation inside another has no inputs.
            if (!nested) {
                Digests.Look look = Digests.look(input.tensor());
                finite = look.finite();
                digests.add(look.digest());
            } else {
                finite = input.tensor().isFinite();
            }
            if (!finite && !isMissing(input, inputs, recipe)) {
                problems.add(FiniteValues.problem(
                                "input '" + input.name() + "'",
                                input.name(),
                                input.rowsFirst().tensor(),
                                input.features())
                        + "; attributions of it have no meaning: replace the value"
                        + (recipe.need() == Need.FORWARD && isMissing(input, inputs.allowMissing(), recipe)
                                ? ", or say with Inputs.allowMissing() that NaN is a missing value to the model"
                                : ""));
            }
        }
        return digests;
    }

    /**
     * Returns whether all elements of an input that are not finite are NaN that means missing, and no gradients are
     * taken for it.
     */
    private static boolean isMissing(Inputs.Input input, Inputs inputs, Recipe recipe) {
        boolean differentiated = recipe.need() == Need.GRADIENTS && input.role() == Inputs.Role.ATTRIBUTED;
        return !differentiated && FiniteValues.fit(input.tensor(), inputs);
    }

    /**
     * Returns notices about a model before it runs: that its identity is vague, or that it draws random numbers.
     */
    static List<String> doubts(Model model, boolean nested) {
        List<String> doubts = new ArrayList<>();
        if (model.identity().isVague() && !nested) {
            doubts.add("model '" + model.identity().name()
                    + "' cannot be distinguished from others of its name: give it a name and a version, so that the"
                    + " provenance can identify it");
        }
        List<String> draws = model.randomDraws();
        if (!draws.isEmpty()) {
            String more = draws.size() <= LISTED_DRAWS ? "" : ", and " + (draws.size() - LISTED_DRAWS) + " more";
            doubts.add("the model draws random numbers ("
                    + String.join("; ", draws.subList(0, Math.min(LISTED_DRAWS, draws.size()))) + more
                    + "): two calls with equal inputs may differ, and so may explanations, whatever the seed of the"
                    + " run; export the model in evaluation mode, or take the mean of several explanations");
        }
        return doubts;
    }

    /** Checks that gradients can be taken; if not, the problem names the layers that look up vectors. */
    static void requireFloating(Model model, Inputs inputs, Problems problems) {
        try {
            inputs.requireDifferentiable();
        } catch (ModelException e) {
            String embeddings = model instanceof LayeredModel layered
                    ? layered.cutPoints().stream()
                            .filter(point -> point.kind().contains("Embedding"))
                            .map(point -> "\"" + point + "\"")
                            .collect(Collectors.joining(", "))
                    : "";
            problems.add(
                    e.getMessage() + (embeddings.isEmpty() ? "" : "; the model looks up vectors at " + embeddings));
        }
    }
}
