// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Damage that libtorch itself does not survive, or that it does not notice: each was found by {@link ArchiveFuzzTest}.
 */
@ExtendWith(LeakExtension.class)
class HostileArchivesTest {
    private static final String SOURCE = "code/__torch__.py";

    private static byte[] changed(Path good, Consumer<Draft> change) {
        try {
            Draft draft = new Draft(Files.readAllBytes(good), new SplittableRandom(1));
            change.accept(draft);
            return draft.zip.bytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] mlp(Consumer<Draft> change) {
        return changed(Zoo.file("mlp_script.pt"), change);
    }

    private static byte[] source(UnaryOperator<String> change) {
        return mlp(draft -> {
            RawZip.Entry entry = draft.entry(SOURCE);
            String text = change.apply(Draft.text(entry));
            assertThat(text).isNotEqualTo(Draft.text(entry));
            Draft.set(entry, text);
        });
    }

    /** Replaces instructions of the object tree; both are Latin-1. */
    private static byte[] objects(String old, String with) {
        return objects(Zoo.file("mlp_script.pt"), old, with);
    }

    private static byte[] objects(Path good, String old, String with) {
        return changed(good, draft -> {
            RawZip.Entry entry = draft.entry("/data.pkl");
            String text = Draft.text(entry);
            int at = text.indexOf(old);
            assertThat(at).as("place of the instructions").isPositive();
            Draft.set(entry, text.substring(0, at) + with + text.substring(at + old.length()));
        });
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static String number(long value) {
        return latin(PickleMutations.integer(value));
    }

    private static void refused(byte[] archive, String... words) {
        assertThatThrownBy(() -> TorchScriptModel.load(new ByteArrayInputStream(archive)))
                .isInstanceOf(UnsupportedModelException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(700).doesNotMatch("(?s).*\\p{Cntrl}.*"))
                .hasMessageContainingAll(words);
    }

    private static double[] run(byte[] archive, long... shape) {
        try (TorchScriptModel model = TorchScriptModel.load(new ByteArrayInputStream(archive), LoadOptions.defaults());
                TensorScope scope = TensorScope.open()) {
            return model.forward(Inputs.of(model.tensors().full(Shape.of(shape), DataType.FLOAT32, 0.5)))
                    .toDoubleArray();
        }
    }

    @Test
    @DisplayName("A tensor outside its storage, by offset, shape or strides")
    void tensorsOutside() {
        // The first layer has 6 rows of 4: 24 elements from 0, steps of 4 and 1.
        String sizes = "K\6K\4";
        String strides = "K\4K\1";
        refused(objects(sizes, "K\7K\4"), "shape [7, 4]", "outside its storage of 24 elements");
        refused(objects(sizes, number(1L << 40) + "K\4"), "outside its storage");
        refused(objects(sizes, number(Long.MAX_VALUE) + number(Long.MAX_VALUE)), "outside its storage");
        refused(objects(sizes, number(-6) + "K\4"), "shape [-6, 4]");
        refused(objects(strides, "K\5K\1"), "strides [5, 1]", "outside its storage");
        refused(objects(strides, number(-4) + "K\1"), "strides [-4, 1]");
        refused(objects(strides, number(1L << 62) + number(1L << 62)), "outside its storage");
    }

    @Test
    @DisplayName("A storage that is missing, too short, of an unknown type, or of a huge number of elements")
    void storages() {
        refused(mlp(draft -> draft.zip.entries.removeIf(e -> e.name.endsWith("/data/0"))), "needs", "data/0", "lacks");
        refused(
                mlp(draft -> {
                    RawZip.Entry entry = draft.entry("/data/0");
                    Draft.set(entry, Arrays.copyOf(entry.stored, 90));
                }),
                "needs 96 bytes of 'data/0', which has 90");
        refused(mlp(draft -> Draft.set(draft.entry("/data/0"), new byte[0])), "which has 0");
        refused(objects("torch\nFloatStorage", "torch\nOddStorage"), "unknown type OddStorage");
        refused(objects("torch\nFloatStorage", "torch\nDoubleStorage"), "needs 192 bytes");
        refused(objects("K\30", number(1L << 62)), "has a storage of");
        refused(objects("K\30", number(-1)), "has a storage of -1 elements");
        refused(objects("X\3\0\0\0cpu", "X\4\0\0\0meta"), "no memory");
    }

    @Test
    @DisplayName("Bytes of a tensor that differ from their checksum; entries that lie over each other")
    void checksums() {
        refused(
                mlp(draft -> draft.entry("/data/0").stored[5] ^= 1),
                "the checksum of entry 'mlp_script/data/0' does not match");
        refused(
                mlp(draft -> {
                    RawZip.Entry entry = draft.entry("/data/0").deflate();
                    entry.crc++;
                }),
                "the checksum of entry 'mlp_script/data/0' does not match");
        assertThat(run(mlp(draft -> draft.entry("/data/0").deflate()), 2, 4)).hasSize(6);
        refused(
                mlp(draft -> {
                    // An entry inside the bytes of another, with a header of its own.
                    RawZip.Entry inner = new RawZip.Entry("mlp_script/data/9", new byte[8]);
                    RawZip zip = new RawZip();
                    zip.entries.add(inner);
                    draft.zip.entries.add(0, new RawZip.Entry("mlp_script/data/8", zip.bytes()));
                    inner.absent = true;
                    inner.header = 30L + inner.name.length();
                    draft.zip.entries.add(inner);
                }),
                "lies over another");
    }

    @Test
    @DisplayName("Many bombs that are small one by one")
    void bombs() {
        byte[] zeros = RawZip.deflatedZeros(40L << 20);
        refused(
                mlp(draft -> {
                    for (int i = 0; i < 20; i++) {
                        RawZip.Entry bomb = new RawZip.Entry("mlp_script/data/x" + i, zeros);
                        bomb.method = 8;
                        bomb.size = 40L << 20;
                        draft.zip.entries.add(bomb);
                    }
                }),
                "would grow from");
    }

    @Test
    @DisplayName("Objects of another class, values of another kind, attributes that are missing")
    void objectsThatDoNotFit() {
        refused(
                objects("modules.activation\nReLU", "modules.linear\nLinear"),
                "Linear",
                "lacks its attribute 'weight'");
        refused(objects("linear.___torch_mangle_0\nLinear", "linear\nLinear"), "'fc2'", "holds an object of");
        refused(objects("X\3\0\0\0act", "X\3\0\0\0axt"), "lacks its attribute 'act'", "export the model again");
        refused(objects("trainingq\1\211", "trainingq\1K\1"), "'training'", "declared as bool", "a long");
        refused(objects("trainingq\1\211", "trainingq\1N"), "'training'", "holds None");
    }

    @Test
    @DisplayName("An object tree that is deep, contains itself, or says where memory is to be taken")
    void objectTrees() {
        String flag = "trainingq\1\211";
        refused(objects(flag, "trainingq\1" + "]".repeat(9000) + "a".repeat(8999)), "nested more than 500 deep");
        refused(objects(flag, "trainingq\1N" + "\205".repeat(200_000)), "nested more than 500 deep");
        refused(objects(flag, "trainingq\1]r\2\0\0\0j\2\0\0\0a"), "contains itself");
        refused(objects(flag, "trainingq\1]r\377\377\377\177"), "by the number 2147483647");
        refused(objects(flag, "trainingq\1ctorch\nFloatStorage\n"), "where a value should be");
        refused(objects(flag, "trainingq\1cos\nsystem\nX\2\0\0\0ls\205R"), "calls os.system");
        refused(objects("q\0)\201", "q\0N\205\201"), "makes an object");
        // What is read and thrown away is freed by recursion too.
        refused(objects("OrderedDict\n", "OrderedDict\nN" + "\205".repeat(200_000)), "export the model again");
        refused(objects(flag, "trainingq\1\211N" + "\205".repeat(200_000) + "N"), "export the model again");
    }

    @Test
    @DisplayName("Text that is nested deeper than libtorch's stack holds")
    void deepText() {
        String result = "return _0";
        for (String open : List.of("(", "[", "torch.neg(")) {
            String close = open.equals("[") ? "]" : ")";
            refused(
                    source(text -> text.replace(
                            "    " + result,
                            "    y = " + open.repeat(200) + "x" + close.repeat(200) + "\n    " + result)),
                    "nested more than 120 deep");
        }
        refused(
                source(text ->
                        text.replace("training : bool", "training : " + "List[".repeat(200) + "int" + "]".repeat(200))),
                "nested more than 120 deep");
        refused(source(text -> text.replace("training : bool", "training : List")), "type List has 0 arguments");
    }

    @Test
    @DisplayName("A member that its kind of class cannot hold, which libtorch reads past the end of")
    void membersOfTheWrongKindOfClass() {
        Path language = Zoo.file("language_script.pt");
        UnaryOperator<String> enumeration = text -> text.replace("  DOUBLE = \"double\"\n", "  training : bool\n");
        UnaryOperator<String> module = text -> text.replaceFirst("  training : bool\n", "  DOUBLE = \"double\"\n");
        for (UnaryOperator<String> change : List.of(enumeration, module)) {
            byte[] archive = changed(language, draft -> {
                RawZip.Entry entry = draft.entry(SOURCE);
                Draft.set(entry, change.apply(Draft.text(entry)));
            });
            refused(archive, "a class of kind ", "cannot hold '");
        }
    }

    @Test
    @DisplayName("Calls that are nested deeper than libtorch's stack holds, or multiply without bound")
    void calls() {
        refused(source(text -> chain(text, 1000, false)), "are nested more than 80 deep");
        refused(source(text -> chain(text, 40, true)), "more than 1000000 statements");
        assertThat(run(source(text -> chain(text, 60, false)), 2, 4)).hasSize(6);
    }

    private static String chain(String text, int length, boolean twice) {
        StringBuilder chain = new StringBuilder();
        for (int i = 0; i <= length; i++) {
            String next = i == length ? "x" : "__torch__.link" + (i + 1) + "(x, )";
            chain.append("def link").append(i).append("(x: Tensor) -> Tensor:\n  return ");
            chain.append(twice && i < length ? "torch.add(" + next + ", " + next + ")" : next)
                    .append('\n');
        }
        return text.replace("    return ", "    y = __torch__.link0(x, )\n    return ") + chain;
    }

    @Test
    @DisplayName("Empty lines in any number load; names of any length are refused in a short line")
    void oddText() {
        assertThat(run(source(text -> "\n".repeat(50_000) + text.replace("\n", "\n\n")), 2, 4))
                .hasSize(6);
        refused(
                source(text ->
                        text.replace("    return ", "    y = torch." + "n".repeat(200_000) + "(x)\n    return ")),
                "Unknown builtin op");
    }

    @Test
    @DisplayName("A program that opens files")
    void files() {
        for (String call : List.of("torch.save(x, \"escaped\")", "y = torch.from_file(\"escaped\", True, 10)")) {
            refused(
                    source(text -> text.replace("    return ", "    " + call + "\n    return ")),
                    SOURCE,
                    "which opens a file");
        }
    }

    @Test
    @DisplayName("A traced LSTM whose input is as wide as it should not be, or whose weights do not fit each other")
    void lstm() throws IOException {
        Path traced = GoldenData.data().resolve("models/text_lstm_embedded.traced.pt");
        byte[] good = Files.readAllBytes(traced);
        assertThat(run(good, 3, 9, 12)).hasSize(6);
        assertThatThrownBy(() -> run(good, 3, 9, 7))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("the LSTM takes 12 features, and its input has 7");
        refused(objects(traced, "K\50K\14", "K\50K\0"), "recurrent weights that do not fit each other");
    }
}
