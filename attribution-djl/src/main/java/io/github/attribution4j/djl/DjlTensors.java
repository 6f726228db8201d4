// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorChecks;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes tensors in libtorch's memory, by way of DJL, on one device.
 *
 * <p>Arrays and buffers given are copied: nothing here aliases a caller's memory, whatever DJL itself would do. The
 * memory of a tensor is freed when it is closed, not when it is garbage collected.
 *
 * <pre>{@code
 * Tensors cpu = DjlTensors.onCpu();
 * Tensor image = cpu.of(pixels, 1, 3, 224, 224);
 * }</pre>
 */
public final class DjlTensors implements Tensors {
    private final Device device;
    private final PtNDManager manager;

    private DjlTensors(Device device, PtNDManager manager) {
        this.device = device;
        this.manager = manager;
    }

    /** Called once for each device by the runtime, which owns the manager. */
    static DjlTensors create(Device device, PtNDManager manager) {
        return new DjlTensors(device, manager);
    }

    /**
     * Returns the tensors of a device; starts the engine when it is the first use.
     *
     * @param device such as {@code Device.cpu()} or {@code Device.gpu(0)}
     * @throws UnsupportedModelException if the PyTorch engine is missing or unfit, or the device does not exist
     */
    public static DjlTensors of(Device device) {
        return TorchRuntime.get().tensors(device);
    }

    /** Returns the tensors of the CPU. */
    public static DjlTensors onCpu() {
        return of(Device.cpu());
    }

    /** Returns DJL's name of the device. */
    public Device djlDevice() {
        return device;
    }

    /**
     * Returns a copy of a DJL array of any engine.
     *
     * @param array not kept; types that have no {@link DataType} become the nearest wider one (float16 float32, int8
     *     int32)
     */
    public Tensor copyOf(NDArray array) {
        return adopt(TorchRuntime.get().copy(array, manager));
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

    @Override
    public String device() {
        return "pytorch/" + name(device);
    }

    /** Returns PyTorch's name of a device, such as {@code cuda:0}. */
    static String name(Device device) {
        return device.isGpu() ? "cuda:" + device.getDeviceId() : device.getDeviceType();
    }

    @Override
    public Tensor of(float[] values, Shape shape) {
        TensorChecks.of(values.length, shape);
        return fill(shape, DataType.FLOAT32, bytes -> bytes.asFloatBuffer().put(values));
    }

    @Override
    public Tensor of(double[] values, Shape shape) {
        TensorChecks.of(values.length, shape);
        return fill(shape, DataType.FLOAT64, bytes -> bytes.asDoubleBuffer().put(values));
    }

    @Override
    public Tensor of(long[] values, Shape shape) {
        TensorChecks.of(values.length, shape);
        return fill(shape, DataType.INT64, bytes -> bytes.asLongBuffer().put(values));
    }

    @Override
    public Tensor of(int[] values, Shape shape) {
        TensorChecks.of(values.length, shape);
        return fill(shape, DataType.INT32, bytes -> bytes.asIntBuffer().put(values));
    }

    @Override
    public Tensor of(boolean[] values, Shape shape) {
        TensorChecks.of(values.length, shape);
        return fill(shape, DataType.BOOL, bytes -> {
            for (boolean value : values) {
                bytes.put((byte) (value ? 1 : 0));
            }
        });
    }

    @Override
    public Tensor of(ByteBuffer values, DataType dataType, Shape shape) {
        TensorChecks.ofBytes(values.remaining(), dataType, shape);
        ByteBuffer source = values.slice().order(values.order());
        return fill(shape, dataType, bytes -> {
            // Element by element, so that the view's byte order is translated into the native one.
            switch (dataType.bytes()) {
                case Long.BYTES -> bytes.asLongBuffer().put(source.asLongBuffer());
                case Integer.BYTES -> bytes.asIntBuffer().put(source.asIntBuffer());
                default -> putBytes(bytes, source, dataType == DataType.BOOL);
            }
        });
    }

    private static void putBytes(ByteBuffer target, ByteBuffer source, boolean normalise) {
        if (!normalise) {
            target.put(source);
            return;
        }
        while (source.hasRemaining()) {
            target.put((byte) (source.get() == 0 ? 0 : 1));
        }
    }

    @Override
    public Tensor full(Shape shape, DataType dataType, double value) {
        TensorChecks.full(dataType, value);
        double element = dataType == DataType.BOOL && value != 0 ? 1 : value;
        return wrap(TorchRuntime.get().full(manager, shape, dataType, element, device), shape, dataType);
    }

    @Override
    public Tensor concat(List<Tensor> parts, int axis) {
        int fromStart = TensorChecks.concat(parts, axis);
        PtNDArray[] arrays = new PtNDArray[parts.size()];
        long extent = 0;
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = array(parts.get(i));
            extent += parts.get(i).shape().dim(fromStart);
        }
        Tensor first = parts.get(0);
        return wrap(
                TorchRuntime.get().concat(arrays, fromStart), first.shape().with(fromStart, extent), first.dataType());
    }

    @Override
    public boolean owns(Tensor tensor) {
        return tensor instanceof DjlTensor that && that.tensors() == this;
    }

    @Override
    public String toString() {
        return device();
    }

    /** The array behind a tensor of this device. */
    PtNDArray array(Tensor tensor) {
        if (!(tensor instanceof DjlTensor that) || that.tensors() != this) {
            throw new IllegalArgumentException("a tensor of shape " + tensor.shape() + " lies on "
                    + tensor.tensors().device() + ", not on " + device() + "; move it with tensors().bring(tensor)");
        }
        return that.array();
    }

    /** Whether Java can look at the elements without a copy to another device. */
    boolean onHost() {
        return device.equals(Device.cpu());
    }

    PtNDManager manager() {
        return manager;
    }

    /** Makes a tensor that owns an array whose shape and type are known. */
    DjlTensor wrap(PtNDArray array, Shape shape, DataType dataType) {
        return new DjlTensor(this, TorchRuntime.get().own(array), shape, dataType);
    }

    /** Makes a tensor that owns an array of any shape and type, converting types that the facade lacks. */
    DjlTensor adopt(PtNDArray array) {
        PtNDArray known = TorchRuntime.get().toKnownType(array);
        return wrap(known, Types.fromDjl(known.getShape()), Types.fromDjl(known.getDataType()));
    }

    private Tensor fill(Shape shape, DataType dataType, Consumer<ByteBuffer> writer) {
        return wrap(TorchRuntime.get().filled(manager, shape, dataType, device, writer), shape, dataType);
    }
}
