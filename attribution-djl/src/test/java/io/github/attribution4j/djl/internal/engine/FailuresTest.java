// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.EngineException;
import org.junit.jupiter.api.Test;

/** What is shown of failures of libtorch. */
class FailuresTest {
    private static final String BACKEND = "Could not run 'aten::max_pool2d_with_indices.out' with arguments from the"
            + " 'QuantizedCPU' backend. This could be because the operator doesn't exist for this backend. "
            + "'aten::max_pool2d_with_indices.out' is only available for these backends: [CPU, Meta].\n\nCPU:"
            + " registered at"
            + " /pytorch/build/RegisterCPU.cpp:4 [kernel]";

    @Test
    void an_operator_that_a_kind_of_tensors_does_not_have_is_named_in_few_words() {
        assertThat(Failures.line(new EngineException(BACKEND)))
                .isEqualTo("operator max_pool2d_with_indices does not exist for tensors of kind quantized");
        assertThat(Failures.line(new EngineException(BACKEND.replace("Quantized", "Sparse"))))
                .isEqualTo("operator max_pool2d_with_indices does not exist for tensors of kind sparse");
    }

    @Test
    void values_that_cannot_be_looked_up_in_a_table_are_explained() {
        assertThat(Failures.of(new EngineException("index out of range in self")))
                .hasMessage("index out of range in self: an id that the model looks up in a table is negative, or not"
                        + " below the table's number of rows");
        assertThat(Failures.of(new EngineException("Expected tensor for argument #1 'indices' to have one of the"
                        + " following scalar types: Long, Int; but got CPUFloatType instead")))
                .hasMessageEndingWith("has to hold integers; convert it with to(DataType.INT64)");
    }

    @Test
    void derivatives_that_a_program_takes_itself_are_named() {
        assertThat(Failures.line(
                        new EngineException("element 0of the differentiated Tensors appears to not have been used"
                                + " in the graph. Set allow_unused=True if this is the desired behavior.")))
                .startsWith("the program takes derivatives itself");
        assertThat(Failures.line(new EngineException(
                        "RuntimeError: element 0 of tensors does not require grad and does not" + " have a grad_fn")))
                .startsWith("the program takes derivatives itself");
    }

    @Test
    void operators_and_numbers_that_no_gradient_passes_are_told_with_what_to_do() {
        assertThat(Failures.of(new EngineException("derivative for aten::heaviside is not implemented")))
                .hasMessage(
                        "derivative for aten::heaviside is not implemented: no gradient passes it; use a perturbation"
                                + " method, or explain at a layer after it");
        assertThat(Failures.of(
                        new EngineException("derivative for aten::_native_multi_head_attention is not implemented")))
                .hasMessageContaining("exported under torch.no_grad");
        assertThat(Failures.of(new EngineException(
                        "RuntimeError: Cannot input a tensor that requires grad as a scalar argument")))
                .hasMessageStartingWith("the program takes a value as a plain number, which no gradient passes");
    }
}
