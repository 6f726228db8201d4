// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.Structure;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTest {
    private static Signature signature(String archive) {
        return Signature.of(ProgramIndex.of(TorchArchive.read(Zoo.file(archive))));
    }

    private static Value<String> tensor(String name) {
        return new Value.Tensor<>(name);
    }

    @Test
    void layOut() {
        Request<String> request = new Request<>(
                        signature("optional_script.pt"), Arrays.asList(tensor("x"), null, new Value.Scalar<>(0.5)))
                .want(0)
                .tap(new Row(3, -1, Row.ARGUMENTS, 1, false))
                .replace(Row.output(2, true), "r");
        assertThat(request.control())
                .containsExactly(1, 0, 2, 3, -1, 1, 1, -1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 1, 1L << 52, -53, 0);
        assertThat(request.tensors()).containsExactly("x", "r");
    }

    @Test
    void namesInputs() {
        Value<String> pair =
                new Value.Items<>(List.of(tensor("a"), new Value.Items<>(List.of(tensor("b"), tensor("c")))));
        Request<String> tuple =
                new Request<>(signature("tuple_script.pt"), List.of(pair, new Value.Items<>(List.of(tensor("d")))));
        assertThat(tuple.inputNames()).containsExactly("pair[0]", "pair[1][0]", "pair[1][1]", "more[0]");
        Map<Object, Value<String>> entries = new LinkedHashMap<>();
        entries.put("left", tensor("a"));
        Request<String> dict = new Request<>(signature("dict_script.pt"), List.of(new Value.Entries<>(entries)));
        assertThat(dict.inputNames()).containsExactly("features['left']");
        assertThat(dict.control()).containsExactly(0, 0, 1, 4, 'l', 'e', 'f', 't');
    }

    @Test
    void refusesWhatDoesNotFit() {
        Signature optional = signature("optional_script.pt");
        assertThatThrownBy(() -> new Request<String>(optional, List.of()))
                .hasMessageContaining("argument 'x' of type Tensor is missing: forward(x: Tensor");
        assertThatThrownBy(() -> new Request<>(optional, List.of(new Value.Scalar<String>(1.0))))
                .hasMessageContaining("argument 'x' must be of type Tensor, not Scalar");
        assertThatThrownBy(() -> new Request<>(optional, Arrays.asList(tensor("x"), null, new Value.Scalar<>("a"))))
                .hasMessageContaining("argument 'scale' must be of type float, not String");
        assertThatThrownBy(() -> new Request<>(
                        optional, List.of(tensor("x"), tensor("x"), tensor("x"), tensor("x"), tensor("x"))))
                .hasMessageContaining("the model takes 4 arguments, not 5");
        assertThatThrownBy(() ->
                        new Request<>(optional, List.of(tensor("x"))).want(0).want(0))
                .hasMessageContaining("input 0 does not exist or is asked for twice; inputs: [x]");
        assertThatThrownBy(() -> new Row(-1, 0, 0, 0, false)).hasMessageContaining("no such value: module -1");
    }

    @Test
    void readsReplies() {
        long[] header = {2, 1, 1, 0, 5, 1, 2};
        Structure pair = new Structure.TupleOf(
                "", List.of(), List.of(new Structure.ListOf(new Structure.Tensor()), new Structure.Opaque(null)));
        Signature signature = new Signature(List.of(), null, pair);
        Reply<String> reply = Reply.of(signature, header, List.of("a", "b", "t", "l"));
        assertThat(reply.outputs()).containsExactly("a", "b");
        assertThat(reply.outputNames()).containsExactly("[0][0]", "[0][1]");
        assertThat(reply.taps()).containsExactly(new Reply.Tap<>(0, 5, true, "t"));
        assertThat(reply.leaves()).containsExactly("l");
        assertThatThrownBy(() -> Reply.of(signature, header, List.of("a"))).hasMessageContaining("announces 2 outputs");
    }

    @ParameterizedTest
    @ValueSource(
            doubles = {
                0,
                1,
                -1,
                0.1,
                -1e-5,
                Math.PI,
                1e300,
                Double.MAX_VALUE,
                Double.MIN_VALUE,
                Double.MIN_NORMAL,
                -4e-320,
                Double.NaN,
                Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY
            })
    void realsAreExact(double value) {
        long[] parts = Reals.split(value);
        assertThat(Reals.join(parts[0], parts[1])).isEqualTo(Double.valueOf(value));
    }
}
