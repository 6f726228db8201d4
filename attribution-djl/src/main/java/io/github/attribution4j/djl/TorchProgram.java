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
import io.github.attribution4j.djl.internal.rewrite.ModuleInfo;
import io.github.attribution4j.djl.internal.rewrite.Reply;
import io.github.attribution4j.djl.internal.rewrite.Request;
import io.github.attribution4j.djl.internal.rewrite.Row;
import io.github.attribution4j.djl.internal.rewrite.Signature;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The instrumented program in libtorch's memory: one native module that serves the model, every head and every tail, which
 * differ only in what they ask of it.
 */
final class TorchProgram {
    private final TorchModule module;
    private final Signature signature;
    private final List<ModuleInfo> modules;
    private final List<String> repairs;
    private final Arguments arguments;
    private final @Nullable String chosenOutput;

    TorchProgram(TorchModule module, Instrumented program, LoadOptions options) {
        this.module = module;
        // Not the program itself: its archive may hold the whole model in memory.
        this.signature = program.signature();
        this.modules = program.modules();
        this.repairs = program.repairs();
        this.arguments = new Arguments(signature, options.argumentNames());
        this.chosenOutput = options.output().orElse(null);
    }

    /**
     * A question to the program.
     *
     * @param inputs those of the model and, for a tail, the activation before them
     * @param request in which a tensor is the position of its input
     * @param method which entry
     * @param head whether the tapped value is what is returned, rather than an output
     * @param tail whether the first input takes the place of the tapped value
     */
    private record Question(Inputs inputs, Request<Integer> request, String method, boolean head, boolean tail) {
        /** Where the inputs of the model begin. */
        int shift() {
            return tail ? 1 : 0;
        }
    }

    TorchModule module() {
        return module;
    }

    Signature signature() {
        return signature;
    }

    /** All modules in pre-order, so that the position is the index; the root is the first. */
    List<ModuleInfo> modules() {
        return modules;
    }

    List<String> repairs() {
        return repairs;
    }

    /** Returns the module of a path, or null if there is none below the root. */
    @Nullable
    ModuleInfo layer(String path) {
        for (ModuleInfo info : modules) {
            if (info.index() > 0 && info.path().equals(path)) {
                return info;
            }
        }
        return null;
    }

    private Question whole(Inputs inputs) {
        return new Question(inputs, arguments.bind(inputs.all()), Instrumented.FORWARD, false, false);
    }

    private Question head(Inputs inputs, Row row) {
        Request<Integer> request = arguments.bind(inputs.all()).tap(row);
        return new Question(inputs, request, Instrumented.RUN, true, false);
    }

    private Question tail(Inputs inputs, Row row) {
        if (inputs.size() < 2) {
            throw new ModelException(
                    "the tail of a cut takes the activation and then the inputs of the model; make them "
                            + "with cut.tailInputs(inputs, activation)");
        }
        List<Inputs.Input> rest = inputs.all().subList(1, inputs.size());
        Request<Integer> request = arguments.bind(rest).replace(row, -1);
        return new Question(inputs, request, Instrumented.RUN, false, true);
    }

    Tensor forward(Inputs inputs) {
        return forward(whole(inputs));
    }

    Tensor forwardHead(Inputs inputs, Row row) {
        return forward(head(inputs, row));
    }

    Tensor forwardTail(Inputs inputs, Row row) {
        return forward(tail(inputs, row));
    }

    Pullback pullback(Inputs inputs) {
        inputs.requireDifferentiable();
        return pullback(wanting(whole(inputs)));
    }

    Pullback pullbackHead(Inputs inputs, Row row) {
        inputs.requireDifferentiable();
        return pullback(wanting(head(inputs, row)));
    }

    Pullback pullbackTail(Inputs inputs, Row row) {
        inputs.requireDifferentiable();
        boolean activation = inputs.all().get(0).role() == Inputs.Role.ATTRIBUTED;
        Row tapped = new Row(row.module(), row.call(), row.side(), row.element(), activation);
        return pullback(wanting(tail(inputs, tapped)));
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

    private Tensor forward(Question question) {
        Reply<PtNDArray> reply = run(question, false);
        PtNDArray result = keep(reply, question);
        closeAllBut(reply, List.of(result));
        return module.tensors().adopt(result);
    }

    private Pullback pullback(Question question) {
        Reply<PtNDArray> reply = run(question, true);
        PtNDArray result = keep(reply, question);
        List<PtNDArray> leaves = new ArrayList<>(reply.leaves());
        if (question.tail() && question.inputs().all().get(0).role() == Inputs.Role.ATTRIBUTED) {
            leaves.add(0, reply.taps().get(0).tensor());
        }
        List<PtNDArray> kept = new ArrayList<>(leaves);
        kept.add(result);
        closeAllBut(reply, kept);
        return new TorchPullback(module, question.inputs().attributedInputs(), result, leaves);
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
        try (PtNDArray control = module.runtime().int64(question.request().control())) {
            handles.add(control);
            for (int position : question.request().tensors()) {
                handles.add(module.tensors()
                        .array(inputs.get(position + question.shift()).tensor()));
            }
            results = module.call(question.method(), handles, gradients);
        } catch (EngineException e) {
            throw failure(question.inputs(), e);
        }
        long[] header;
        try (PtNDArray first = results.get(0)) {
            header = module.runtime().read(first, bytes -> {
                long[] values = new long[bytes.remaining() / Long.BYTES];
                bytes.asLongBuffer().get(values);
                return values;
            });
        }
        return Reply.of(signature, header, results.subList(1, results.size()));
    }

    private PtNDArray keep(Reply<PtNDArray> reply, Question question) {
        try {
            if ((question.head() || question.tail()) && reply.taps().isEmpty()) {
                throw new ModelException("the layer was not reached in this run, so there is no value to look at or to "
                        + "replace; the call number may be too large, or these inputs take another branch");
            }
            return question.head() ? reply.taps().get(0).tensor() : output(reply);
        } catch (ModelException e) {
            closeAllBut(reply, List.of());
            throw e;
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
        DataType weights = module.weights();
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
        Request<Integer> request = arguments.bind(row.all());
        modules.stream()
                .filter(info -> info.addressable() && info.index() > 0)
                .forEach(info -> request.tap(new Row(info.index(), Row.EVERY_CALL, Row.RESULT, 0, false)));
        Reply<PtNDArray> reply = run(new Question(row, request, Instrumented.RUN, false, false), false);
        List<Long> sizes = new ArrayList<>();
        reply.taps().forEach(tap -> sizes.add(bytes(tap.tensor())));
        reply.outputs().forEach(output -> sizes.add(bytes(output)));
        closeAllBut(reply, List.of());
        return sizes;
    }

    private static long bytes(PtNDArray array) {
        return array.size() * array.getDataType().getNumOfBytes();
    }
}
