// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.github.attribution4j.RowsContract;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The rows of this package, and that no kind of rows is left out of these tests. */
class RowsTest {
    private final ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
    private final Tensor three = ReferenceModels.normal(DataType.FLOAT64, 6, 3, 2, 4, 4);

    @Test
    void of_tensors() {
        RowsContract.check(new TensorRows(List.of(three), 3));
        RowsContract.check(new TensorRows(List.of(three.rows(0, 1)), 3));
    }

    @Test
    void of_a_range_and_of_a_sequence() {
        RowsContract.check(new RowRange(new TensorRows(List.of(three), 3), 1, 3));
        RowsContract.check(
                new RowSequence(new TensorRows(List.of(three), 3), new TensorRows(List.of(three.rows(1, 2)), 1)));
    }

    @Test
    void of_points_on_paths() {
        Path path = Path.straight(List.of(three.rows(0, 1)), List.of(three));
        Rows rows = path.rows(3, new double[] {0, 0.25, 1});
        RowsContract.check(rows);
        RowsContract.check(rows.range(3, 9));
        RowsContract.check(rows.range(1, 8));
    }

    @Test
    void of_rows_seen_at_a_layer() {
        Evaluator evaluator = Evaluator.start(new Saliency(), model, Inputs.of(three), Target.index(0), Run.defaults());
        RowsContract.check(evaluator.through(model.cut("pool1"), new TensorRows(List.of(three), 3)));
    }

    /** Rows that remember what they made, and those of references, hand on what other rows make. */
    @Test
    void every_kind_is_checked() {
        Set<String> kinds = new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("io.github.attribution4j")
                        .stream()
                        .filter(type -> type.isAssignableTo(Rows.class) && !type.isInterface())
                        .filter(type -> !type.getName().contains("Test"))
                        .map(type -> type.getName().substring(type.getName().lastIndexOf('.') + 1))
                        .collect(Collectors.toSet());
        assertThat(kinds)
                .containsExactlyInAnyOrder(
                        "TensorRows",
                        "RowRange",
                        "RowSequence",
                        "PushedRows",
                        "PathRows",
                        "PointRows",
                        "PairedRows",
                        "Segments",
                        "OcclusionRows",
                        "CoalitionRows",
                        "MixedRows",
                        "MaskedRows",
                        "MaskedSamples",
                        "AblatedRows",
                        "Infidelity$ChangedRows",
                        "RelativeStability$CopyRows",
                        "RandomChange$Attempts",
                        "Ascent$Chosen",
                        "LiftedBaseline$ReferenceRows",
                        "LayerRuns$Kept",
                        "BlurIntegratedGradients$Scales");
    }
}
