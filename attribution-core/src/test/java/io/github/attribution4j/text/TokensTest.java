// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.text.Tokens.Token;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a tokenizer made of texts. */
class TokensTest {
    private static final Token CLS = new Token(1, 0, true, "[CLS]", 0, 0);
    private static final Token SEP = new Token(2, 0, true, "[SEP]", 0, 0);
    private static final Tokens TWO = Tokens.of(
            List.of(
                    List.of(CLS, new Token(7, 0, false, "a", 0, 1), SEP, new Token(8, 1, false, "b", 0, 1), SEP),
                    List.of(CLS, new Token(9, 0, false, "c", 0, 1), SEP)),
            0);

    @Test
    void pads_to_the_longest() {
        try (TensorScope scope = TensorScope.open()) {
            Tensors tensors = Tensors.ofJava();
            assertThat(TWO.ids(tensors).shape()).isEqualTo(Shape.of(2, 5));
            assertThat(TWO.ids(tensors).toLongArray()).containsExactly(1, 7, 2, 8, 2, 1, 9, 2, 0, 0);
            assertThat(TWO.attentionMask(tensors).toLongArray()).containsExactly(1, 1, 1, 1, 1, 1, 1, 1, 0, 0);
            assertThat(TWO.typeIds(tensors).toLongArray()).containsExactly(0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
            assertThat(TWO.positions(tensors).toLongArray()).containsExactly(0, 1, 2, 3, 4, 0, 1, 2, 3, 4);
            assertThat(TWO.labels(1)).containsExactly("[CLS]", "c", "[SEP]");
            assertThat(TWO.specialIds()).containsExactly(1, 2);
        }
    }

    @Test
    void binds_to_parameters_by_their_names() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = TWO.inputs(
                    Tensors.ofJava(), List.of("input_ids", "attention_mask", "token_type_ids", "position_ids"));
            assertThat(inputs.all().stream().map(Inputs.Input::name))
                    .containsExactly("input_ids", "attention_mask", "token_type_ids", "position_ids");
            assertThat(inputs.attributedInputs()).hasSize(1);
            assertThat(inputs.attributed().get(0).toLongArray()).startsWith(1, 7, 2, 8);
            assertThat(inputs.tensor(1).toLongArray()).startsWith(1, 1, 1);
            assertThat(inputs.tensor(2).toLongArray()).startsWith(0, 0, 0, 1);
            assertThat(inputs.tensor(3).toLongArray()).startsWith(0, 1, 2, 3);
        }
    }

    @Test
    void refuses_what_it_cannot_tell() {
        Tensors tensors = Tensors.ofJava();
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> TWO.inputs(tensors, List.of("ids", "x")))
                    .hasMessageContaining("parameter 'x': its name does not say");
            assertThatThrownBy(() -> TWO.inputs(tensors, List.of("attention_mask")))
                    .hasMessageContaining("none");
            assertThatThrownBy(() -> TWO.inputs(tensors, List.of("question_ids", "answer_ids")))
                    .hasMessageContaining("2 of them (question_ids, answer_ids)");
        }
        assertThatThrownBy(() -> Tokens.of(List.of(), 0)).hasMessage("texts: none given; give at least one");
        assertThatThrownBy(() -> Tokens.of(List.of(List.of()), 0)).hasMessage("text 0 has no tokens; leave it out");
    }
}
