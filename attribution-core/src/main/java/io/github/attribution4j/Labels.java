// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the parts of an explanation are called.
 *
 * @param names for each attribution those of its positions
 * @param values for each attribution the elements of its input, row-major; empty if not known
 * @param ofInputs whether the attributions are of inputs; if not, they are of layers
 * @param groups which elements are one feature; null if each is one of its own
 * @param classes of the model, or none
 * @param targets what is explained in words, one for all examples or one for each
 * @param conditions for each example the condition on each feature that its contribution is of, such as {@code age ≤
 *     30}, blank where there is none; none if no feature has one
 */
record Labels(
        List<FeatureNames> names,
        List<double[]> values,
        boolean ofInputs,
        @Nullable ElementGroups groups,
        List<String> classes,
        List<String> targets,
        List<List<String>> conditions) {
    /** The largest row whose elements are kept: those of tables are, those of images are not. */
    static final int MOST_VALUES = 1024;

    private static final double[] NO_VALUES = {};

    Labels {
        names = List.copyOf(names);
        values = List.copyOf(values);
        classes = List.copyOf(classes);
        targets = List.copyOf(targets);
        conditions = conditions.stream().map(List::copyOf).toList();
    }

    /** Returns labels without names. */
    static Labels none(int attributions, List<String> classes, List<String> targets) {
        List<FeatureNames> names = new ArrayList<>();
        List<double[]> values = new ArrayList<>();
        for (int i = 0; i < attributions; i++) {
            names.add(FeatureNames.none());
            values.add(NO_VALUES);
        }
        return new Labels(names, values, true, null, classes, targets, List.of());
    }

    /** Returns labels of attributions of inputs, from the inputs that have their names and shapes. */
    Labels ofInputs(Inputs inputs, List<String> attributed, List<Tensor> attributions) {
        List<FeatureNames> newNames = new ArrayList<>();
        List<double[]> newValues = new ArrayList<>();
        for (int i = 0; i < attributions.size(); i++) {
            FeatureNames found = FeatureNames.none();
            double[] kept = NO_VALUES;
            for (Inputs.Input input : inputs.all()) {
                Tensor tensor = input.tensor();
                if (!input.features().isEmpty()
                        && input.role() == Inputs.Role.ATTRIBUTED
                        && input.name().equals(attributed.get(i))
                        && tensor.shape().equals(attributions.get(i).shape())) {
                    found = input.features();
                    boolean each = found.axes().stream().anyMatch(found::isEach);
                    kept = !each && tensor.shape().row().size() <= MOST_VALUES ? tensor.toDoubleArray() : NO_VALUES;
                }
            }
            newNames.add(found);
            newValues.add(kept);
        }
        return new Labels(newNames, newValues, true, groups, classes, targets, conditions);
    }

    /** Returns labels of other attributions: those that have a former name and shape keep the former labels. */
    Labels with(List<FeatureNames> newNames) {
        List<double[]> none = newNames.stream().map(one -> NO_VALUES).toList();
        return new Labels(newNames, none, ofInputs, null, classes, targets, List.of());
    }

    /** Returns labels of other features. */
    Labels withGroups(@Nullable ElementGroups newGroups) {
        return new Labels(names, values, ofInputs, newGroups, classes, targets, List.of());
    }

    Labels withConditions(List<List<String>> newConditions) {
        return new Labels(names, values, ofInputs, groups, classes, targets, newConditions);
    }

    /** Returns labels that do not say what the elements are; conditions hold for them. */
    Labels withoutValues() {
        List<double[]> none = names.stream().map(one -> NO_VALUES).toList();
        return new Labels(names, none, ofInputs, groups, classes, targets, List.of());
    }

    Labels ofLayers() {
        return new Labels(names, values, false, groups, classes, targets, conditions);
    }

    String target(int example) {
        return targets.get(targets.size() == 1 ? 0 : example);
    }

    /**
     * Returns whether the name of an element must include that of its input, because names of several attributions
     * may coincide.
     */
    boolean ambiguous() {
        if (names.size() < 2) {
            return false;
        }
        Set<String> seen = new HashSet<>();
        for (FeatureNames one : names) {
            Set<String> own = new HashSet<>();
            for (int axis : one.axes()) {
                if (one.isEach(axis)) {
                    return true;
                }
                own.addAll(one.along(axis, 0));
            }
            for (String name : own) {
                if (!seen.add(name)) {
                    return true;
                }
            }
        }
        return false;
    }
}
