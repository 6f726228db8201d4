// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.fuzz.Tree.Field;
import io.github.attribution4j.onnx.fuzz.Tree.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that want the runtime to read what is not theirs, wherever in the file they say so. */
class HostileFilesTest {
    @TempDir
    private Path folder;

    private static Tree good() throws IOException {
        return Tree.read(Files.readAllBytes(GoldenData.onnx("text_lstm", "script")));
    }

    private void refused(Tree model, String... words) throws IOException {
        Path file = Files.write(folder.resolve("model.onnx"), model.write());
        assertThatThrownBy(() -> OnnxModel.load(file).close())
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContainingAll(words)
                .satisfies(e -> assertThat(e.getMessage().chars()).noneMatch(Character::isISOControl));
    }

    private static Tree elsewhere(String location) {
        Tree entry = new Tree(Kind.ENTRY);
        entry.fields.add(Field.of(1, "location"));
        entry.fields.add(Field.of(2, location));
        Tree tensor = new Tree(Kind.TENSOR);
        tensor.fields.add(Field.of(1, 4));
        tensor.fields.add(Field.of(2, 1));
        tensor.fields.add(Field.of(8, "stolen"));
        tensor.fields.add(Field.of(13, entry));
        tensor.fields.add(Field.of(14, 1));
        return tensor;
    }

    private static Tree constant(int field, Tree holder) {
        Tree attribute = new Tree(Kind.ATTRIBUTE);
        attribute.fields.add(Field.of(1, "value"));
        attribute.fields.add(Field.of(20, 4));
        attribute.fields.add(Field.of(field, holder));
        Tree node = new Tree(Kind.NODE);
        node.fields.add(Field.of(2, "stolen"));
        node.fields.add(Field.of(4, "Constant"));
        node.fields.add(Field.of(5, attribute));
        return node;
    }

    private static Tree holding(Kind kind, int field, Tree inner) {
        Tree tree = new Tree(kind);
        tree.fields.add(Field.of(field, inner));
        return tree;
    }

    /** The last is how the runtime itself marks what lies in memory: the offset is then an address. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/passwd",
                "../weights.bin",
                "../../../../../../etc/passwd",
                "a/../../weights.bin",
                "/dev/zero",
                ".",
                "*/_ORT_MEM_ADDR_/*"
            })
    void tensors_lie_in_the_folder_of_the_model(String location) throws IOException {
        Tree weight = good();
        weight.all(Kind.GRAPH).get(0).fields.add(Field.of(5, elsewhere(location)));
        refused(weight, location);
        Tree constant = good();
        constant.all(Kind.GRAPH).get(0).fields.add(Field.of(1, constant(5, elsewhere(location))));
        refused(constant, location);
        Tree listed = good();
        listed.all(Kind.GRAPH).get(0).fields.add(Field.of(1, constant(10, elsewhere(location))));
        refused(listed, location);
        Tree sparse = good();
        sparse.all(Kind.GRAPH)
                .get(0)
                .fields
                .add(Field.of(1, constant(22, holding(Kind.TENSOR, 1, elsewhere(location)))));
        refused(sparse, location);
        Tree inside = good();
        inside.all(Kind.NODE)
                .get(0)
                .fields
                .add(Field.of(5, holding(Kind.ATTRIBUTE, 6, holding(Kind.GRAPH, 1, constant(5, elsewhere(location))))));
        refused(inside, location);
        Tree function = good();
        function.fields.add(Field.of(25, holding(Kind.GRAPH, 7, constant(5, elsewhere(location)))));
        refused(function, location);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "\0", "\u001b[31mred", "\u009b31m", "tab\there"})
    void names_have_no_control_characters(String name) throws IOException {
        Tree node = good();
        node.all(Kind.NODE).get(0).fields.add(Field.of(1, name));
        refused(node, "name of a value", "control characters", "damaged");
        Tree operator = good();
        operator.all(Kind.NODE).get(0).fields.removeIf(field -> field.number == 4);
        operator.all(Kind.NODE).get(0).fields.add(Field.of(4, name));
        refused(operator, "name of an operator", "control characters", "damaged");
        Tree input = good();
        input.all(Kind.VALUE).get(0).fields.get(0).bytes = name.getBytes(StandardCharsets.UTF_8);
        refused(input, "control characters", "damaged");
    }

    @Test
    void names_are_no_books() throws IOException {
        Tree node = good();
        node.all(Kind.NODE).get(0).fields.add(Field.of(1, "x".repeat(100_000)));
        refused(node, "name of a value has 100000 characters");
    }

    /** What only the question about a node reads is refused as a model's fault, too. */
    @Test
    void damage_that_a_gradient_finds_is_a_failure_of_the_model() throws IOException {
        Tree model = Tree.read(Files.readAllBytes(GoldenData.onnx("functional", "dynamo")));
        for (Tree attribute : model.all(Kind.ATTRIBUTE)) {
            if (attribute.fields(1).get(0).text().equals("transA")) {
                attribute.fields(3).forEach(number -> {
                    number.wire = 2;
                    number.bytes = new byte[] {1};
                });
            }
        }
        Path file = Files.write(folder.resolve("model.onnx"), model.write());
        try (OnnxModel loaded = OnnxModel.load(file);
                TensorScope scope = TensorScope.open()) {
            Inputs ids = Inputs.of(Tensors.ofJava().of(new long[] {1, 2, 3, 4, 5, 6}, 1, 6));
            loaded.forward(ids);
            Saliency saliency = new Saliency();
            assertThatThrownBy(() -> saliency.at("embedding").attribute(loaded, ids, Target.index(0)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("damaged");
        }
    }
}
