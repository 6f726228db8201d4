// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import static io.github.attribution4j.concept.PlantedConcept.direction;
import static io.github.attribution4j.concept.PlantedConcept.inputs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Activations and vectors on disk. */
@ExtendWith(LeakExtension.class)
class KeptActivationsTest {
    private static final int FEATURES = 6;

    @TempDir
    private Path folder;

    private static LayeredModel model(long seed) {
        return named(seed, "", "digest" + seed);
    }

    private static LayeredModel named(long seed, String version, String digest) {
        return new Named(
                ReferenceModels.mlp(DataType.FLOAT64, seed, Activation.TANH, FEATURES, 7, 2),
                new Model.Identity("net", version, digest, "java", "java"));
    }

    /** A model of another identity. */
    private record Named(LayeredModel inner, Identity identity) implements LayeredModel {
        @Override
        public List<Cut.Point> cutPoints() {
            return inner.cutPoints();
        }

        @Override
        public Cut cut(List<Cut.Point> points) {
            return inner.cut(points);
        }

        @Override
        public List<Cut.Value> values(Inputs inputs) {
            return inner.values(inputs);
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            return inner.pullback(inputs);
        }

        @Override
        public Tensor forward(Inputs inputs) {
            return inner.forward(inputs);
        }

        @Override
        public Tensors tensors() {
            return inner.tensors();
        }
    }

    private static double[][] rows(long seed) {
        return PlantedConcept.rows(70, direction(FEATURES, 1), 3, seed);
    }

    private Concepts concepts(double[]... rows) {
        return Concepts.of(Concept.of("moved/up", inputs(rows)))
                .against(Concept.of("noise", inputs(PlantedConcept.rows(140, direction(FEATURES, 1), 0, 9)))
                        .split(2, 0))
                .keptIn(folder);
    }

    private Cavs train(LayeredModel model, Concepts concepts, String... layers) {
        return new Tcav(layers).train(model, concepts, Run.defaults());
    }

    @Test
    void a_second_run_reads_them_and_only_what_is_missing_is_computed() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            LayeredModel model = model(1);
            Cavs first = train(model, concepts(rows(1)), "act1");
            assertThat(first.counts().forwardRows()).isEqualTo(210);
            try (Stream<Path> files = Files.list(folder)) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .hasSize(3)
                        .contains("noise 1 at act1.npz", "noise 2 at act1.npz")
                        .allMatch(name -> name.endsWith(".npz"));
            }
            Cavs second = train(model, concepts(rows(1)), "act1");
            assertThat(second.counts()).isEqualTo(Counts.NONE);
            assertThat(second.all()).isEqualTo(first.all());
            assertThat(train(model, concepts(rows(1)), "fc1", "act1").counts().forwardRows())
                    .isEqualTo(210);
            Cavs inMemory = train(model, concepts(rows(1)).keptIn(folder.resolve("other")), "act1");
            assertThat(inMemory.all()).isEqualTo(first.all());
        }
    }

    @Test
    void files_of_another_model_or_other_examples_are_refused() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            train(model(1), concepts(rows(1)), "act1");
            assertThatThrownBy(() -> train(model(2), concepts(rows(1)), "act1"))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContainingAll("holds activations of model", "delete it");
            double[][] changed = rows(1);
            changed[40][3] += 1e-9;
            assertThatThrownBy(() -> train(model(1), concepts(changed), "act1"))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContainingAll("holds activations of examples");
            Path file = folder.resolve("noise 1 at act1.npz");
            Files.copy(folder.resolve("noise 2 at act1.npz"), file, StandardCopyOption.REPLACE_EXISTING);
            assertThatThrownBy(() -> train(model(1), concepts(rows(1)), "act1"))
                    .hasMessageContainingAll("holds activations of concept noise 2", "noise 1");
            Files.write(file, new byte[] {1, 2, 3});
            assertThatThrownBy(() -> train(model(1), concepts(rows(1)), "act1"))
                    .isInstanceOfAny(InvalidRequestException.class, UncheckedIOException.class)
                    .hasMessageContaining("noise 1 at act1.npz");
        }
    }

    @Test
    void a_model_that_cannot_be_told_from_others_keeps_no_files() {
        try (TensorScope scope = TensorScope.open()) {
            LayeredModel vague = named(1, "", "");
            assertThatThrownBy(() -> train(vague, concepts(rows(1)), "act1"))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("neither a digest nor a version");
        }
    }

    @Test
    void vectors_are_read_as_they_were_saved() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Path file = folder.resolve("cavs.npz");
            Cavs cavs = train(model(1), concepts(rows(1)), "act1", "fc1");
            cavs.save(file);
            Cavs read = Cavs.load(file);
            assertThat(read.all()).isEqualTo(cavs.all()).hasSize(6);
            assertThat(read.model()).isEqualTo(cavs.model()).isNotEmpty();
            ConceptScores scores =
                    new Tcav("act1").score(model(2), inputs(rows(4)), List.of(Target.index(0)), read, Run.defaults());
            assertThat(scores.notices()).anyMatch(notice -> notice.contains("made with another model"));
            Cavs given = Cavs.of(List.of(Cav.of("a, \u00fc\uD83D\uDE00", "act1", 1, 2)));
            given.save(file);
            assertThat(Cavs.load(file).all()).isEqualTo(given.all());
            assertThatThrownBy(() -> Cavs.load(folder.resolve("noise 1 at act1.npz")))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("holds no concept activation vectors");
        }
    }
}
