// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.TensorContract;

class DjlTensorContractTest extends TensorContract {
    @Override
    protected Tensors tensors() {
        return TestModels.tensors();
    }
}
