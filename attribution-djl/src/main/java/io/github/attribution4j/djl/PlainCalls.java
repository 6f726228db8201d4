// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.engine.Failures;
import io.github.attribution4j.djl.internal.engine.Memory;
import io.github.attribution4j.djl.internal.instrument.Instrumented;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Runs the program without rules. */
final class PlainCalls implements ProgramCalls {
    private final TorchModules library;

    PlainCalls(TorchModules library) {
        this.library = library;
    }

    /**
     * Returns the output of a program that takes and returns tensors only, by an entry without control and header.
     *
     * @param positions the input of each parameter
     */
    PtNDArray output(Inputs inputs, List<Integer> positions) {
        try {
            List<PtNDArray> handles = inputs(library, positions, 0, inputs);
            return library.call(Level.FORWARD, Instrumented.PLAIN, handles, false)
                    .get(0);
        } catch (EngineException e) {
            throw failure(library, inputs, e);
        }
    }

    @Override
    public Answer answer(TorchCall call, boolean gradients) {
        List<PtNDArray> handles = inputs(library, call, call.inputs());
        try {
            String entry = isPlain(call) ? shortEntry(call.request()) : null;
            if (entry != null) {
                List<PtNDArray> results = library.call(Level.FORWARD, entry, handles, gradients);
                return answer(Reply.plain(results.get(0), results.subList(1, results.size())));
            }
            long[] control = call.request().control();
            return answer(reply(library, library.call(call.level(), call.method(), control, handles, gradients)));
        } catch (EngineException e) {
            throw failure(library, call.inputs(), e);
        }
    }

    private static Answer answer(Reply<PtNDArray> reply) {
        return new Answer(reply, Memory.NONE, null);
    }

    private boolean isPlain(TorchCall call) {
        return library.program().plain() && call.method().equals(Instrumented.FORWARD);
    }

    /** The entry without control and header, or null if gradients by one of several inputs are wanted. */
    private static @Nullable String shortEntry(Request<Integer> request) {
        if (request.wants().isEmpty()) {
            return Instrumented.PLAIN;
        }
        return request.tensors().size() == 1 ? Instrumented.LEAF : null;
    }

    /** The handles of a request's tensors. */
    static List<PtNDArray> inputs(TorchModules library, TorchCall call, Inputs inputs) {
        return inputs(library, call.request().tensors(), call.shift(), inputs);
    }

    private static List<PtNDArray> inputs(TorchModules library, List<Integer> positions, int shift, Inputs inputs) {
        List<PtNDArray> handles = new ArrayList<>();
        for (int position : positions) {
            handles.add(library.module()
                    .tensors()
                    .array(inputs.all().get(position + shift).tensor()));
        }
        return handles;
    }

    static Reply<PtNDArray> reply(TorchModules library, List<PtNDArray> results) {
        try (PtNDArray first = results.get(0)) {
            long[] header = library.module().runtime().operations().longs(first);
            return Reply.of(library.program().signature(), header, results.subList(1, results.size()));
        }
    }

    /** Returns the exception for a failure, with the remedy if inputs and weights are of different types. */
    static ModelException failure(TorchModules library, Inputs inputs, EngineException e) {
        ModelException plain = Failures.of("", e);
        String part = Arguments.missingPart(Failures.line(e), library.program().signature(), inputs);
        if (!part.isEmpty()) {
            return new ModelException(plain.getMessage() + part, e);
        }
        DataType weights = library.module().weights();
        if (weights == null || Failures.isMemory(e)) {
            return plain;
        }
        // Inputs of integers are correct beside floating weights, except where the message is about types.
        String message = String.valueOf(plain.getMessage());
        boolean types = !message.contains("indices") && message.matches(".*\\b(?:d|scalar )type\\b.*");
        List<Inputs.Input> others = inputs.all().stream()
                .filter(input -> types || input.tensor().dataType().isFloating())
                .filter(input -> input.tensor().dataType() != weights)
                .toList();
        if (others.isEmpty()) {
            return plain;
        }
        boolean floating =
                others.stream().allMatch(input -> input.tensor().dataType().isFloating());
        String names = others.stream()
                .map(input -> "'" + input.name() + "' is " + input.tensor().dataType())
                .collect(Collectors.joining(", "));
        return new ModelException(
                message + "; the model's weights are " + weights + " and input " + names
                        + (floating
                                ? ": convert it with to(DataType."
                                : ": store it as " + weights + ", in Java with to(DataType.")
                        + weights.name() + ")",
                e);
    }
}
