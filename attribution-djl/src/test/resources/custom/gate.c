// SPDX-License-Identifier: Apache-2.0

/*
 * A library of one operator, a4j_test::gate(x) = x sigmoid(x), of operators that libtorch differentiates. It needs no header of PyTorch: the functions are those that libtorch has for C since 2.7.
 */
#include <stdint.h>

typedef uint64_t StableIValue;
typedef void *Tensor;
typedef void *Library;

int32_t aoti_torch_library_init_fragment(const char *ns, const char *file, uint32_t line, Library *library);
int32_t aoti_torch_library_init_impl(const char *ns, const char *key, const char *file, uint32_t line, Library *library);
int32_t aoti_torch_library_def(Library library, const char *schema);
int32_t aoti_torch_library_impl(Library library, const char *name, void (*kernel)(StableIValue *, uint64_t, uint64_t));
int32_t aoti_torch_call_dispatcher(const char *name, const char *overload, StableIValue *stack);
int32_t aoti_torch_new_tensor_handle(Tensor tensor, Tensor *copy);

static void gate(StableIValue *stack, uint64_t inputs, uint64_t outputs) {
    (void) inputs; (void) outputs;
    Tensor x = (Tensor) stack[0], again;
    aoti_torch_new_tensor_handle(x, &again);
    StableIValue sigmoid[1] = {(StableIValue) again};
    aoti_torch_call_dispatcher("aten::sigmoid", "", sigmoid);
    StableIValue product[2] = {(StableIValue) x, sigmoid[0]};
    aoti_torch_call_dispatcher("aten::mul", "Tensor", product);
    stack[0] = product[0];
}

__attribute__((constructor)) static void registered(void) {
    static Library schema, kernel;
    aoti_torch_library_init_fragment("a4j_test", __FILE__, __LINE__, &schema);
    aoti_torch_library_def(schema, "gate(Tensor x) -> Tensor");
    aoti_torch_library_init_impl("a4j_test", "CompositeImplicitAutograd", __FILE__, __LINE__, &kernel);
    aoti_torch_library_impl(kernel, "gate", gate);
}
