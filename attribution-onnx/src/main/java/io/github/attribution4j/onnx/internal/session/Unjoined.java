// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.onnx.internal.unfuse.Unfused;
import java.util.List;
import java.util.Map;

/** Files that the runtime's optimizer has written, in the words of the standard. */
public final class Unjoined {
    /** Fewer channels than any block has, and as many as the runtime takes at least. */
    private static final int CHANNELS = 4;

    private Unjoined() {}

    /**
     * The same file, whose graph has only operators of the standard, as far as it can be said in them. What the runtime
     * knows of the types of values is asked of it, because sizes and numbers of axes decide how.
     */
    public static OnnxFile of(OnnxFile file, SessionSettings settings) {
        Graph declared = file.declared();
        if (!Unfused.needs(declared)) {
            return file;
        }
        Graph runnable = Unfused.runnable(declared, () -> block(file, settings));
        OnnxFile known = file.said(runnable, runnable);
        Map<String, ValueType> types = new TypeOracle(known, settings).described();
        return file.said(Unfused.of(runnable, types::get, () -> block(known, settings)), runnable);
    }

    /** How many channels the runtime keeps together on this machine: to so many it fills up fewer. */
    public static int block(OnnxFile file, SessionSettings settings) {
        ValueType image = new ValueType(ElementType.FLOAT, List.of(Dim.of(1), Dim.of(CHANNELS), Dim.of(1), Dim.of(1)));
        Node reorder =
                Node.of("ReorderInput", "reorder", List.of("x"), List.of("y")).in("com.microsoft.nchwc");
        Graph graph = Graph.of(
                "block", List.of(ValueInfo.of("x", image)), List.of(ValueInfo.of("y")), List.of(reorder), List.of());
        try (OrtSession session = OnnxRuntime.open(file, graph, settings.with(Optimization.NONE));
                OnnxTensor x = OnnxTensor.createTensor(OnnxRuntime.environment(), new float[1][CHANNELS][1][1]);
                OrtSession.Result result = session.run(Map.of("x", x))) {
            return Math.toIntExact(((OnnxTensor) result.get(0)).getInfo().getShape()[1]);
        } catch (OrtException e) {
            throw OnnxRuntime.failure("ONNX Runtime does not say in which blocks it keeps channels", e);
        }
    }
}
