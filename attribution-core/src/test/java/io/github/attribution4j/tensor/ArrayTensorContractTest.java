// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import io.github.attribution4j.testkit.contract.TensorContract;

class ArrayTensorContractTest extends TensorContract {
    @Override
    protected Tensors tensors() {
        return Tensors.ofJava();
    }
}
