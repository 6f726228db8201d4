// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.djl.internal.engine.Types;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;

/**
 * Tensors in libtorch's memory, through DJL, and copies from and to DJL's arrays.
 *
 * <p>Arrays and buffers are copied: no tensor aliases a caller's memory, even where DJL itself would do so. The memory
 * of a tensor is freed when it is closed, not when it is garbage collected.
 *
 * <pre>{@code
 * Tensors cpu = DjlTensors.onCpu();
 * Tensor image = cpu.of(pixels, 1, 3, 224, 224);
 * }</pre>
 */
public final class DjlTensors {
    private DjlTensors() {}

    /**
     * Returns the tensors of a device; the first call starts the engine.
     *
     * @param device such as {@code Device.cpu()} or {@code Device.gpu(0)}
     * @throws UnsupportedModelException if the PyTorch engine is missing or unfit, or the device does not exist
     */
    public static Tensors of(Device device) {
        return TorchRuntime.get().tensors(device);
    }

    /** Returns the tensors of the CPU. */
    public static Tensors onCpu() {
        return of(Device.cpu());
    }

    /**
     * Returns a copy of a DJL array of any engine.
     *
     * @param array not used after the call; types without a {@link DataType} become the nearest wider one: float16
     *     becomes float32, int8 becomes int32
     * @param device of the copy
     * @throws UnsupportedModelException if the PyTorch engine is missing or unfit, or the device does not exist
     */
    public static Tensor copyOf(NDArray array, Device device) {
        return TorchRuntime.get().tensors(device).copyOf(array);
    }

    /**
     * Returns a copy of a tensor as a DJL array.
     *
     * @param tensor of any backend
     * @param owner the manager that the array belongs to
     */
    public static NDArray toNDArray(Tensor tensor, NDManager owner) {
        ByteBuffer bytes = tensor.toByteBuffer();
        return owner.create(bytes, Types.toDjl(tensor.shape()), Types.toDjl(tensor.dataType()));
    }
}
