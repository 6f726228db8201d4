// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.Device;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import java.nio.ByteBuffer;

/**
 * Tests once whether the engine does what everything here relies on. DJL silently loads a libtorch of another version
 * than its native part was built for, and then confuses element types.
 */
final class SelfTest {
    private static final double VALUE = 3;

    private SelfTest() {}

    static void run(TorchRuntime runtime) {
        for (DataType dataType : DataType.values()) {
            types(runtime, dataType);
        }
    }

    private static void types(TorchRuntime runtime, DataType dataType) {
        TorchTensors cpu = runtime.tensors(Device.cpu());
        double wanted = dataType == DataType.BOOL ? 1 : VALUE;
        // The value passes Java's bytes, the engine's conversion, and Java's bytes again.
        try (PtNDArray written = runtime.operations()
                        .filled(cpu.manager(), Shape.of(2), dataType, Device.cpu(), b -> write(b, dataType, wanted));
                PtNDArray converted = runtime.operations().to(written, DataType.FLOAT64);
                PtNDArray doubled = converted.add(converted)) {
            double read = runtime.operations().read(doubled, bytes -> bytes.getDouble(Double.BYTES));
            if (written.getDataType() != Types.toDjl(dataType) || read != 2 * wanted) {
                throw new UnsupportedModelException("the PyTorch engine fails its self-test (" + runtime.description()
                        + "): " + dataType + " " + wanted + " was stored as " + written.getDataType()
                        + " and doubled to "
                        + read + "; libtorch, pytorch-jni and pytorch-engine are of different versions: remove "
                        + "PYTORCH_LIBRARY_PATH and PYTORCH_VERSION, or make them fit");
            }
        }
    }

    private static void write(ByteBuffer bytes, DataType dataType, double value) {
        for (int i = 0; i < 2; i++) {
            switch (dataType) {
                case FLOAT32 -> bytes.putFloat((float) value);
                case FLOAT64 -> bytes.putDouble(value);
                case INT64 -> bytes.putLong((long) value);
                case INT32 -> bytes.putInt((int) value);
                case UINT8, BOOL -> bytes.put((byte) value);
            }
        }
    }
}
