// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Explanations as arrays for NumPy. */
final class ExplanationNpz {
    private ExplanationNpz() {}

    static void write(Explanation explanation, Path file) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = new LinkedHashMap<>();
            for (int i = 0; i < explanation.attributions().size(); i++) {
                arrays.put("attribution_" + i, explanation.attributions().get(i));
            }
            for (int i = 0; i < explanation.standardErrors().size(); i++) {
                arrays.put("standard_error_" + i, explanation.standardErrors().get(i));
            }
            arrays.put("scores", array(explanation.scores()));
            explanation.baselineScores().ifPresent(scores -> arrays.put("baseline_scores", array(scores)));
            if (explanation.hasCompletenessGap()) {
                arrays.put("completeness_gap", array(explanation.completenessGap()));
            }
            explanation
                    .measures()
                    .forEach((name, values) -> arrays.put("measure_" + name.replace('-', '_'), array(values)));
            Map<String, List<String>> texts = new LinkedHashMap<>();
            describe(explanation, arrays, texts);
            NumpyFiles.writeNpz(file, arrays, texts);
        }
    }

    private static Tensor array(double[] values) {
        return Tensors.ofJava().of(values, values.length);
    }

    /** Adds names of features and classes, and contributions of groups. */
    private static void describe(Explanation explanation, Map<String, Tensor> arrays, Map<String, List<String>> texts) {
        for (int i = 0; i < explanation.names().size(); i++) {
            FeatureNames features = explanation.featureNames(i);
            boolean table = explanation.attributions().get(i).shape().rank() == 2;
            for (int axis : features.axes()) {
                if (!features.isEach(axis)) {
                    texts.put("feature_names_" + i + (table ? "" : "_axis_" + axis), features.along(axis, 0));
                }
            }
        }
        if (!explanation.classes().isEmpty()) {
            texts.put("class_names", explanation.classes());
        }
        ElementGroups groups = explanation.labels().groups();
        if (groups != null) {
            if (groups.names().size() == 1) {
                texts.put("group_names", groups.names(0));
            }
            contributions(explanation, groups, arrays);
            numbers(explanation, groups, arrays);
        }
    }

    private static void contributions(Explanation explanation, ElementGroups groups, Map<String, Tensor> arrays) {
        List<Features> rows = new ArrayList<>();
        int most = 0;
        for (int example = 0; example < explanation.scores().length; example++) {
            rows.add(explanation.features(example));
            most = Math.max(most, rows.get(example).size());
        }
        double[] contributions = new double[Math.multiplyExact(rows.size(), most)];
        double[] errors = new double[contributions.length];
        for (int at = 0; at < contributions.length; at++) {
            Features row = rows.get(at / most);
            boolean exists = at % most < row.size();
            contributions[at] = exists ? row.contribution(at % most) : Double.NaN;
            errors[at] = exists ? row.standardError(at % most) : Double.NaN;
        }
        arrays.put("group_contributions", Tensors.ofJava().of(contributions, rows.size(), most));
        if (!explanation.standardErrors().isEmpty() && groups.shared()) {
            arrays.put("group_standard_errors", Tensors.ofJava().of(errors, rows.size(), most));
        }
    }

    private static void numbers(Explanation explanation, ElementGroups groups, Map<String, Tensor> arrays) {
        int rows = groups.isEach() ? explanation.scores().length : 1;
        for (int i = 0; i < explanation.names().size(); i++) {
            Shape shape = explanation.attributions().get(i).shape();
            int size = Math.toIntExact(shape.row().size());
            int[] numbers = new int[Math.multiplyExact(rows, size)];
            for (int row = 0; row < rows; row++) {
                System.arraycopy(groups.numbers(i, row, shape.row()), 0, numbers, row * size, size);
            }
            arrays.put("groups_" + i, Tensors.ofJava().of(numbers, shape.withRows(rows)));
        }
    }
}
