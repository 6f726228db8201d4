/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.rewrite.Instrumented;
import io.github.attribution4j.djl.internal.rewrite.Instrumenter.Level;
import io.github.attribution4j.djl.internal.rewrite.ModuleInfo;
import io.github.attribution4j.djl.internal.rewrite.Reply;
import io.github.attribution4j.djl.internal.rewrite.Request;
import io.github.attribution4j.djl.internal.rewrite.Row;
import io.github.attribution4j.djl.internal.rewrite.Signature;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerPullback;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The instrumented program in libtorch's memory: one native module that serves the model, every head and every tail, which
 * differ only in what they ask of it.
 */
final class TorchProgram {
    private final TorchModules library;
    private final Signature signature;
    private final Arguments arguments;
    private final @Nullable String chosenOutput;
    private final Set<List<Row>> independent = ConcurrentHashMap.newKeySet();

    TorchProgram(TorchModules modules, LoadOptions options) {
        this.library = modules;
        this.signature = modules.program().signature();
        this.arguments = new Arguments(signature, options.argumentNames());
        this.chosenOutput = options.output().orElse(null);
    }

    /**
     * A question to the program.
     *
     * @param inputs those of the model and, for a tail, the activations before them
     * @param request in which a tensor is the position of its input
     * @param method which entry
     * @param shift the number of activations, where the inputs of the model begin
     */
    private record Question(Inputs inputs, Request<Integer> request, String method, int shift) {}

    TorchModule module() {
        return library.module();
    }

    void close() {
        library.close();
    }

    Signature signature() {
        return signature;
    }

    /** All modules in pre-order, so that the position is the index; the root is the first. */
    List<ModuleInfo> modules() {
        return library.values().modules();
    }

    /** The values inside methods. */
    InnerPoints inner() {
        return library.inner();
    }

    List<String> repairs() {
        return library.program().repairs();
    }

    /** Returns the module of a path, or null if there is none below the root. */
    @Nullable
    ModuleInfo layer(String path) {
        for (ModuleInfo info : modules()) {
            if (info.index() > 0 && info.path().equals(path)) {
                return info;
            }
        }
        return null;
    }

    private Question whole(Inputs inputs) {
        return new Question(inputs, arguments.bind(inputs.all()), Instrumented.FORWARD, 0);
    }

    private Question tapped(Inputs inputs, List<Row> rows) {
        Request<Integer> request = arguments.bind(inputs.all());
        rows.forEach(request::tap);
        return new Question(inputs, request, Instrumented.RUN, 0);
    }

    private Question tail(Inputs inputs, List<Row> rows) {
        int count = rows.size();
        if (inputs.size() <= count) {
            throw new ModelException(
                    "the tail of a cut takes " + count + " activations and then the inputs of the model, "
                            + inputs.size() + " were given; make them with cut.tailInputs(inputs, activations)");
        }
        Request<Integer> request = arguments.bind(inputs.all().subList(count, inputs.size()));
        for (int i = 0; i < count; i++) {
            request.replace(rows.get(i), i - count);
        }
        return new Question(inputs, request, Instrumented.RUN, count);
    }

    Tensor forward(Inputs inputs) {
        return output(whole(inputs), 0);
    }

    Tensor forwardTail(Inputs inputs, List<Row> rows) {
        return output(tail(inputs, rows), rows.size());
    }

    private Tensor output(Question question, int taps) {
        Reply<PtNDArray> reply = run(question, false);
        PtNDArray result = closingOnFailure(reply, () -> {
            ordered(reply, taps);
            return output(reply);
        });
        closeAllBut(reply, List.of(result));
        return module().tensors().adopt(result);
    }

    /** Returns the values of rows, in order. */
    List<Tensor> activations(Inputs inputs, List<Row> rows) {
        Reply<PtNDArray> reply = run(tapped(inputs, rows), false);
        List<PtNDArray> values = closingOnFailure(reply, () -> ordered(reply, rows.size()));
        closeAllBut(reply, values);
        return values.stream()
                .<Tensor>map(value -> module().tensors().adopt(value))
                .toList();
    }

    Pullback pullback(Inputs inputs) {
        inputs.requireDifferentiable();
        Reply<PtNDArray> reply = run(wanting(whole(inputs)), true);
        return pullback(reply, closingOnFailure(reply, () -> output(reply)), inputs, reply.leaves());
    }

    Pullback pullbackHead(Inputs inputs, Row row) {
        inputs.requireDifferentiable();
        Reply<PtNDArray> reply = run(wanting(tapped(inputs, List.of(row))), true);
        PtNDArray value = closingOnFailure(reply, () -> ordered(reply, 1)).get(0);
        return pullback(reply, value, inputs, reply.leaves());
    }

    Pullback pullbackTail(Inputs inputs, List<Row> rows) {
        inputs.requireDifferentiable();
        List<Row> leafs = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            boolean attributed = inputs.size() > i && inputs.all().get(i).role() == Inputs.Role.ATTRIBUTED;
            leafs.add(rows.get(i).asLeaf(attributed));
        }
        Reply<PtNDArray> reply = run(wanting(tail(inputs, leafs)), true);
        List<PtNDArray> leaves = new ArrayList<>();
        PtNDArray result = closingOnFailure(reply, () -> {
            List<PtNDArray> taps = ordered(reply, leafs.size());
            for (int i = 0; i < leafs.size(); i++) {
                if (leafs.get(i).leaf()) {
                    leaves.add(taps.get(i));
                }
            }
            return output(reply);
        });
        leaves.addAll(reply.leaves());
        return pullback(reply, result, inputs, leaves);
    }

    private Pullback pullback(Reply<PtNDArray> reply, PtNDArray result, Inputs inputs, List<PtNDArray> leaves) {
        List<PtNDArray> kept = new ArrayList<>(leaves);
        kept.add(result);
        closeAllBut(reply, kept);
        List<String> names =
                inputs.attributedInputs().stream().map(Inputs.Input::name).toList();
        return new TorchPullback(library, "input", names, result, leaves);
    }

    /** Runs the program with the values of rows as the leaves of its graph. */
    LayerPullback pullbackLayers(Inputs inputs, List<CutPoint> points, List<Row> rows) {
        List<Row> leafs = rows.stream().map(row -> row.asLeaf(true)).toList();
        Reply<PtNDArray> reply = run(tapped(inputs, leafs), true);
        List<PtNDArray> leaves = new ArrayList<>();
        PtNDArray result = closingOnFailure(reply, () -> {
            leaves.addAll(ordered(reply, leafs.size()));
            return output(reply);
        });
        List<PtNDArray> kept = new ArrayList<>(leaves);
        kept.add(result);
        closeAllBut(reply, kept);
        List<String> names = points.stream().map(CutPoint::toString).toList();
        List<DjlTensor> activations = leaves.stream()
                .map(leaf -> TensorScope.release(
                        module().tensors().adopt(module().runtime().alias(leaf))))
                .toList();
        return new TorchLayerPullback(new TorchPullback(library, "layer", names, result, leaves), activations);
    }

    /**
     * Checks that no value of a cut is computed from another one: runs one row for each value, with it as the only leaf.
     * Done once for each set of values.
     *
     * @throws ModelException naming both, if one is
     */
    void requireIndependent(Inputs inputs, List<CutPoint> points, List<Row> rows) {
        if (rows.size() < 2 || independent.contains(rows)) {
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            Inputs one = inputs.select(0);
            for (int below = 0; below < rows.size(); below++) {
                List<Row> asked = new ArrayList<>(rows);
                asked.set(below, rows.get(below).asLeaf(true));
                Reply<PtNDArray> reply = run(tapped(one, asked), true);
                try {
                    ordered(reply, rows.size());
                    for (Reply.Tap<PtNDArray> tap : reply.taps()) {
                        if (tap.row() != below && tap.dependent()) {
                            throw new ModelException("layer '" + points.get(tap.row()) + "' is computed from layer '"
                                    + points.get(below) + "', so the two cannot be cut at once; leave one of them out");
                        }
                    }
                } finally {
                    closeAllBut(reply, List.of());
                }
            }
        }
        independent.add(List.copyOf(rows));
    }

    private static Question wanting(Question question) {
        // A tensor of the request is the position of its input; what is wanted is named by its position in the request.
        List<Integer> positions = question.request().tensors();
        List<Inputs.Input> all = question.inputs().all();
        for (int position = question.shift(); position < all.size(); position++) {
            if (all.get(position).role() == Inputs.Role.ATTRIBUTED) {
                int number = positions.indexOf(position - question.shift());
                if (number < 0) {
                    throw new ModelException(
                            "input '" + all.get(position).name()
                                    + "' is a plain number in the model's signature, which has no gradient; pass it with constant(...)");
                }
                question.request().want(number);
            }
        }
        return question;
    }

    /** Returns the tapped values in the order of the rows; every row must have one. */
    private static List<PtNDArray> ordered(Reply<PtNDArray> reply, int rows) {
        PtNDArray[] values = new PtNDArray[rows];
        for (Reply.Tap<PtNDArray> tap : reply.taps()) {
            if (values[tap.row()] == null) {
                values[tap.row()] = tap.tensor();
            }
        }
        if (Arrays.asList(values).contains(null)) {
            throw new ModelException("the layer was not reached in this run, so there is no value to look at or to "
                    + "replace; the call number or the element may be too large, or these inputs take another branch");
        }
        return List.of(values);
    }

    private static <R> R closingOnFailure(Reply<PtNDArray> reply, Supplier<R> reader) {
        boolean done = false;
        try {
            R result = reader.get();
            done = true;
            return result;
        } finally {
            if (!done) {
                closeAllBut(reply, List.of());
            }
        }
    }

    private static void closeAllBut(Reply<PtNDArray> reply, List<PtNDArray> kept) {
        // By identity: DJL's arrays are equal when their elements are.
        Set<PtNDArray> closed = Collections.newSetFromMap(new IdentityHashMap<>());
        closed.addAll(reply.outputs());
        reply.taps().forEach(tap -> closed.add(tap.tensor()));
        closed.addAll(reply.leaves());
        kept.forEach(closed::remove);
        closed.forEach(PtNDArray::close);
    }

    /** Runs the program. Every tensor of the reply is a handle that the caller closes. */
    private Reply<PtNDArray> run(Question question, boolean gradients) {
        List<Inputs.Input> inputs = question.inputs().all();
        List<PtNDArray> handles = new ArrayList<>(inputs.size() + 1);
        List<PtNDArray> results;
        try (PtNDArray control = module().runtime().int64(question.request().control())) {
            handles.add(control);
            for (int position : question.request().tensors()) {
                handles.add(module().tensors()
                        .array(inputs.get(position + question.shift()).tensor()));
            }
            results = call(question, handles, gradients);
        } catch (EngineException e) {
            throw failure(question.inputs(), e);
        }
        long[] header;
        try (PtNDArray first = results.get(0)) {
            header = module().runtime().read(first, bytes -> {
                long[] values = new long[bytes.remaining() / Long.BYTES];
                bytes.asLongBuffer().get(values);
                return values;
            });
        }
        return Reply.of(signature, header, results.subList(1, results.size()));
    }

    private List<PtNDArray> call(Question question, List<PtNDArray> handles, boolean gradients) {
        Level level = question.method().equals(Instrumented.FORWARD)
                ? Level.FORWARD
                : question.request().level();
        while (true) {
            TorchModule module = library.module(level);
            try {
                return module.call(question.method(), handles, gradients);
            } catch (TorchModule.ClosedException e) {
                // Another thread may have put a module that can do more in the place of this one.
                if (library.module() == module) {
                    throw e;
                }
            }
        }
    }

    private PtNDArray output(Reply<PtNDArray> reply) {
        List<PtNDArray> outputs = reply.outputs();
        if (outputs.isEmpty()) {
            throw new ModelException(
                    "the model returns no tensor (" + signature.resultType() + "), so there is nothing to explain");
        }
        if (chosenOutput == null) {
            if (outputs.size() == 1) {
                return outputs.get(0);
            }
            throw new ModelException("the model returns " + outputs.size() + " tensors, " + describe(reply)
                    + "; choose one when loading: LoadOptions.defaults().output(\""
                    + Names.plain(reply.outputNames().get(0))
                    + "\")");
        }
        for (int i = 0; i < outputs.size(); i++) {
            if (Names.plain(reply.outputNames().get(i)).equals(chosenOutput)) {
                return outputs.get(i);
            }
        }
        int index = Names.index(chosenOutput);
        if (index < 0 || index >= outputs.size()) {
            throw new ModelException(
                    "output '" + chosenOutput + "' does not exist; the model returns " + describe(reply));
        }
        return outputs.get(index);
    }

    private static String describe(Reply<PtNDArray> reply) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < reply.outputs().size(); i++) {
            String name = Names.plain(reply.outputNames().get(i));
            all.add((name.isEmpty() ? Integer.toString(i) : name) + " "
                    + Types.fromDjl(reply.outputs().get(i).getShape()));
        }
        return String.join(", ", all);
    }

    private ModelException failure(Inputs inputs, EngineException e) {
        ModelException plain = Failures.of("", e);
        DataType weights = module().weights();
        if (weights == null || Failures.isMemory(e)) {
            return plain;
        }
        List<Inputs.Input> others = inputs.all().stream()
                .filter(input -> input.tensor().dataType().isFloating())
                .filter(input -> input.tensor().dataType() != weights)
                .toList();
        if (others.isEmpty()) {
            return plain;
        }
        String names = others.stream()
                .map(input -> "'" + input.name() + "' is " + input.tensor().dataType())
                .collect(Collectors.joining(", "));
        return new ModelException(
                plain.getMessage() + "; the model's weights are " + weights + " and input " + names
                        + ": convert it with to(DataType." + weights.name() + ")",
                e);
    }

    /** Runs one row with every module's result tapped and returns the sizes of what was computed. */
    List<Long> valueSizes(Inputs row) {
        List<Row> rows = modules().stream()
                .filter(info -> info.addressable() && info.index() > 0)
                .map(info -> new Row(info.index(), Row.EVERY_CALL, Row.RESULT, 0, false))
                .toList();
        Reply<PtNDArray> reply = run(tapped(row, rows), false);
        List<Long> sizes = new ArrayList<>();
        reply.taps().forEach(tap -> sizes.add(bytes(tap.tensor())));
        reply.outputs().forEach(output -> sizes.add(bytes(output)));
        closeAllBut(reply, List.of());
        return sizes;
    }

    /** Hears of a value that a run came by. */
    interface ValueListener {
        void hear(Row row, int call, DataType dataType, Shape shape);
    }

    /** Runs the program and tells of the values of rows, in order of execution. */
    void values(Inputs inputs, List<Row> rows, ValueListener listener) {
        Reply<PtNDArray> reply = run(tapped(inputs, rows), false);
        try {
            for (Reply.Tap<PtNDArray> tap : reply.taps()) {
                listener.hear(
                        rows.get(tap.row()),
                        tap.call(),
                        Types.fromDjl(tap.tensor().getDataType()),
                        Types.fromDjl(tap.tensor().getShape()));
            }
        } finally {
            closeAllBut(reply, List.of());
        }
    }

    private static long bytes(PtNDArray array) {
        return array.size() * array.getDataType().getNumOfBytes();
    }
}
