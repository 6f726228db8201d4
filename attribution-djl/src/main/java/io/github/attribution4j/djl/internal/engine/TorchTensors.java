// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes tensors in libtorch's memory, through DJL, on one device.
 *
 * <p>Arrays and buffers are copied: no tensor aliases a caller's memory, whatever DJL itself would do. The memory of a
 * tensor is freed when it is closed, not when it is garbage collected.
 *
 * <pre>{@code
 * Tensors cpu = TorchTensors.onCpu();
 * Tensor image = cpu.of(pixels, 1, 3, 224, 224);
 * }</pre>
 */
public final class TorchTensors implements Tensors {
    private final Device device;
    private final PtNDManager manager;

    private TorchTensors(Device device, PtNDManager manager) {
        this.device = device;
        this.manager = manager;
    }

    /** Makes the tensors of a device. The runtime calls this once for each device, and owns the manager. */
    static TorchTensors create(Device device, PtNDManager manager) {
        return new TorchTensors(device, manager);
    }

    /** Copies a DJL array of any engine. */
    public Tensor copyOf(NDArray array) {
        return adopt(TorchRuntime.get().operations().copy(array, manager));
    }

    @Override
    public String device() {
        return "pytorch/" + name(device);
    }

    /** Returns PyTorch's name of a device, such as {@code cuda:0}. */
    public static String name(Device device) {
        return device.isGpu() ? "cuda:" + device.getDeviceId() : device.getDeviceType();
    }

    @Override
    public Tensor of(float[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        return fill(shape, DataType.FLOAT32, bytes -> bytes.asFloatBuffer().put(values));
    }

    @Override
    public Tensor of(double[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        return fill(shape, DataType.FLOAT64, bytes -> bytes.asDoubleBuffer().put(values));
    }

    @Override
    public Tensor of(long[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        return fill(shape, DataType.INT64, bytes -> bytes.asLongBuffer().put(values));
    }

    @Override
    public Tensor of(int[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        return fill(shape, DataType.INT32, bytes -> bytes.asIntBuffer().put(values));
    }

    @Override
    public Tensor of(boolean[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        byte[] numbers = new byte[values.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (byte) (values[i] ? 1 : 0);
        }
        return fill(shape, DataType.BOOL, bytes -> bytes.put(numbers));
    }

    @Override
    public Tensor of(ByteBuffer values, DataType dataType, Shape shape) {
        Tensors.Checks.ofBytes(values.remaining(), dataType, shape);
        ByteBuffer source = values.slice().order(values.order());
        return fill(shape, dataType, bytes -> {
            // Elements are copied one by one, because the view may have another byte order.
            switch (dataType.bytes()) {
                case Long.BYTES -> bytes.asLongBuffer().put(source.asLongBuffer());
                case Integer.BYTES -> bytes.asIntBuffer().put(source.asIntBuffer());
                default -> putBytes(bytes, source, dataType == DataType.BOOL);
            }
        });
    }

    private static void putBytes(ByteBuffer target, ByteBuffer source, boolean normalize) {
        if (!normalize) {
            target.put(source);
            return;
        }
        while (source.hasRemaining()) {
            target.put((byte) (source.get() == 0 ? 0 : 1));
        }
    }

    @Override
    public Tensor full(Shape shape, DataType dataType, double value) {
        Tensors.Checks.full(dataType, value);
        double element = dataType == DataType.BOOL && value != 0 ? 1 : value;
        return wrap(TorchRuntime.get().operations().full(manager, shape, dataType, element, device), shape, dataType);
    }

    @Override
    public Tensor concat(List<Tensor> parts, int axis) {
        int fromStart = Tensors.Checks.concat(parts, axis);
        PtNDArray[] arrays = new PtNDArray[parts.size()];
        long extent = 0;
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = array(parts.get(i));
            extent += parts.get(i).shape().dim(fromStart);
        }
        Tensor first = parts.get(0);
        return wrap(
                TorchRuntime.get().operations().concat(arrays, fromStart),
                first.shape().with(fromStart, extent),
                first.dataType());
    }

    @Override
    public boolean owns(Tensor tensor) {
        return tensor instanceof TorchTensor that && that.tensors() == this;
    }

    @Override
    public String toString() {
        return device();
    }

    /** Returns the array of a tensor on this device. */
    public PtNDArray array(Tensor tensor) {
        if (!(tensor instanceof TorchTensor that) || that.tensors() != this) {
            throw new IllegalArgumentException("a tensor of shape " + tensor.shape() + " lies on "
                    + tensor.tensors().device() + ", not on " + device() + "; move it with tensors().bring(tensor)");
        }
        return that.array();
    }

    /** Returns whether Java can read the elements without a copy from another device. */
    boolean onHost() {
        return device.equals(Device.cpu());
    }

    public PtNDManager manager() {
        return manager;
    }

    /** Makes a tensor that owns an array of known shape and type. */
    TorchTensor wrap(PtNDArray array, Shape shape, DataType dataType) {
        return new TorchTensor(this, TorchRuntime.get().own(array), shape, dataType);
    }

    /** Makes a tensor that owns an array of any shape and type. A type that the facade lacks is converted. */
    public TorchTensor adopt(PtNDArray array) {
        PtNDArray known = TorchRuntime.get().operations().toKnownType(array);
        return wrap(known, Types.fromDjl(known.getShape()), Types.fromDjl(known.getDataType()));
    }

    private Tensor fill(Shape shape, DataType dataType, Consumer<ByteBuffer> writer) {
        return wrap(TorchRuntime.get().operations().filled(manager, shape, dataType, device, writer), shape, dataType);
    }
}
