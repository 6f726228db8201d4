// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.engine.TorchModule;
import io.github.attribution4j.djl.internal.engine.TorchTensor;
import io.github.attribution4j.djl.internal.engine.Types;
import io.github.attribution4j.djl.internal.instrument.InnerPoints;
import io.github.attribution4j.djl.internal.instrument.Instrumented;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.rule.RuleTable;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.djl.internal.wire.Value;
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
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The instrumented program in libtorch's memory: one native module that serves the model, every head and every tail,
 * which differ only in what they ask of it.
 */
final class TorchProgram {
    private static final List<Integer> FIRST = List.of(0);

    private final TorchModules library;
    private final ProgramCalls calls;
    private final @Nullable TorchProgram plain;
    private final Signature signature;
    private final Arguments arguments;
    private final @Nullable String chosenOutput;
    private final String method;
    private final boolean unbatched;
    private final RowViews views;
    private final Set<List<Row>> independent = ConcurrentHashMap.newKeySet();

    TorchProgram(TorchModules modules, LoadOptions options) {
        this.library = modules;
        this.calls = new PlainCalls(modules);
        this.plain = null;
        this.signature = modules.program().signature();
        this.unbatched = options.isUnbatched();
        this.arguments = new Arguments(signature, options.argumentNames(), unbatched);
        this.chosenOutput = options.output().orElse(null);
        this.method = options.method();
        this.views = new RowViews(this);
    }

    private TorchProgram(TorchProgram plain, RuleTable table) {
        this.library = plain.library;
        this.plain = plain;
        this.signature = plain.signature;
        this.arguments = plain.arguments;
        this.unbatched = plain.unbatched;
        this.chosenOutput = plain.chosenOutput;
        this.method = plain.method;
        this.views = plain.views;
        this.calls = new RuledCalls(library, library.ruled(table.family()), arguments, table);
    }

    private TorchProgram(TorchProgram plain, TorchModules library) {
        this.library = library;
        this.plain = null;
        this.calls = new PlainCalls(library);
        this.signature = library.program().signature();
        this.arguments = plain.arguments;
        this.unbatched = plain.unbatched;
        this.chosenOutput = null;
        this.method = plain.method;
        this.views = plain.views;
    }

    /** Returns the state that a call leaves, by the names of {@link #stateNames}. */
    Map<String, Tensor> stateAfter(Inputs inputs) {
        if (stateNames().isEmpty()) {
            return Map.of();
        }
        if (unbatched && inputs.rows() > 1) {
            throw new ModelException("inputs have " + inputs.rows() + " rows, and the program takes one example a call"
                    + " (LoadOptions.unbatched), which each leave a state of their own; give one row");
        }
        TorchProgram after = new TorchProgram(this, library.after());
        Answer answer = after.calls.answer(after.whole(inputs), false);
        Reply<PtNDArray> reply = answer.reply();
        answer.closeAllBut(reply.outputs());
        Map<String, Tensor> state = new LinkedHashMap<>();
        Iterator<PtNDArray> tensors = reply.outputs().iterator();
        if (reply.value() instanceof Value.Entries<PtNDArray> entries) {
            for (Object name : entries.entries().keySet()) {
                Tensor value = module().tensors().adopt(tensors.next());
                state.put(
                        String.valueOf(name),
                        unbatched ? value.reshape(value.shape().row()) : value);
            }
        }
        return Collections.unmodifiableMap(state);
    }

    /** The same program, whose pullbacks follow rules. */
    TorchProgram with(RuleTable table) {
        return new TorchProgram(this, table);
    }

    /** What is known of the text of methods. */
    Instrumented text() {
        return library.values();
    }

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

    /** The name of the method that is called. */
    String method() {
        return method;
    }

    List<String> stateNames() {
        return library.program().state();
    }

    List<String> randomDraws() {
        return library.randomDraws();
    }

    Optional<String> oneRowAtATime() {
        return library.oneRowAtATime();
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

    /** Binds the inputs of the model, which begin at a position. */
    private Request<Integer> bind(Inputs inputs, int from) {
        List<Inputs.Input> all = inputs.withoutReferences().all();
        return arguments.bind(all.subList(from, all.size()));
    }

    private Question whole(Inputs inputs) {
        return new Question(inputs, bind(inputs, 0), Instrumented.FORWARD, 0);
    }

    private Question tapped(Inputs inputs, List<Row> rows) {
        return asked(inputs, List.of(), rows);
    }

    /** Puts the first inputs in the place of rows, and asks for others. */
    private Question asked(Inputs inputs, List<Row> replaced, List<Row> tapped) {
        int count = replaced.size();
        requireTail(inputs, count);
        Request<Integer> request = bind(inputs, count);
        for (int i = 0; i < count; i++) {
            request.replace(replaced.get(i), i - count);
        }
        tapped.forEach(request::tap);
        return new Question(inputs, request, Instrumented.RUN, count);
    }

    /** Whether the program takes one example without an axis of rows. */
    boolean unbatched() {
        return unbatched;
    }

    /** How the values of points are seen as rows. */
    RowViews views() {
        return views;
    }

    /**
     * Returns the rows that a tail puts in or is asked for, seen as the activations of the model's inputs are; null if
     * that takes a run for each row. Inputs that are all constant have no rows of their own: what stands on their first
     * axis counts, if it is the same for all, and a value that is not seen as rows of them is put in as it is.
     */
    @Nullable
    List<Row> seenBehind(Inputs inputs, int count, List<Row> rows) {
        requireTail(inputs, count);
        List<Inputs.Input> all = inputs.withoutReferences().all();
        List<Inputs.Input> model = all.subList(count, all.size());
        boolean constant = model.stream().allMatch(input -> input.role() == Inputs.Role.CONSTANT);
        Inputs.Builder builder = Inputs.builder();
        for (Inputs.Input input : model) {
            if (constant && input.tensor().shape().rank() > 0) {
                builder.fixed(input.name(), input.tensor());
            } else {
                OneByOne.add(builder, input, input.tensor());
            }
        }
        if (constant && !countsRows(model)) {
            return rows;
        }
        List<Row> seen = views().of(builder.build(), rows, constant);
        return seen == null && constant ? rows : seen;
    }

    /** Returns the inputs of the model among those of a tail that puts in so many values. */
    static Inputs behind(Inputs inputs, int count) {
        if (count == 0) {
            return inputs;
        }
        Inputs.Builder builder = Inputs.builder();
        for (Inputs.Input input : inputs.all().subList(count, inputs.size())) {
            if (input.role() != Inputs.Role.REFERENCE) {
                OneByOne.add(builder, input, input.tensor());
            }
        }
        return builder.build();
    }

    private static boolean countsRows(List<Inputs.Input> constants) {
        return constants.stream()
                        .map(input -> input.tensor().shape())
                        .filter(shape -> shape.rank() > 0)
                        .map(shape -> shape.dim(0))
                        .distinct()
                        .count()
                == 1;
    }

    private static void requireTail(Inputs inputs, int count) {
        if (count > 0 && inputs.size() <= count) {
            throw new ModelException(
                    "the tail of a cut takes " + count + " activations and then the inputs of the model, "
                            + inputs.size() + " were given; make them with cut.tailInputs(inputs, activations)");
        }
    }

    Tensor forward(Inputs inputs) {
        if (unbatched && inputs.rows() > 1) {
            return OneByOne.tensors(inputs, one -> List.of(forward(one))).get(0);
        }
        if (chosenOutput == null
                && calls instanceof PlainCalls simple
                && library.program().plain()) {
            List<Integer> positions =
                    arguments.isOneTensor(inputs) ? FIRST : bind(inputs, 0).tensors();
            return module().tensors().adopt(simple.output(inputs, positions));
        }
        return output(whole(inputs), List.of());
    }

    Tensor forwardTail(Inputs inputs, List<Row> rows) {
        return output(asked(inputs, rows, List.of()), rows);
    }

    private Tensor output(Question question, List<Row> rows) {
        Answer answer = calls.answer(question, false);
        PtNDArray result = answer.read(() -> {
            ordered(answer.reply(), rows, List.of());
            return output(answer.reply());
        });
        answer.closeAllBut(List.of(result));
        return module().tensors().adopt(result);
    }

    /** Returns the values of rows, in order. */
    List<Tensor> activations(Inputs inputs, List<Row> rows) {
        return activations(inputs, List.of(), rows);
    }

    /** Returns the values of rows, in order, with the first inputs in the place of others. */
    List<Tensor> activations(Inputs inputs, List<Row> replaced, List<Row> rows) {
        Answer answer = calls.answer(asked(inputs, replaced, rows), false);
        List<PtNDArray> values = answer.read(() -> ordered(answer.reply(), replaced, rows))
                .subList(replaced.size(), replaced.size() + rows.size());
        answer.closeAllBut(values);
        return values.stream()
                .<Tensor>map(value -> module().tensors().adopt(value))
                .toList();
    }

    Pullback pullback(Inputs inputs) {
        inputs.requireDifferentiable();
        if (unbatched && inputs.rows() > 1) {
            return OneByOne.pullback(inputs, this::pullback);
        }
        Answer answer = calls.answer(wanting(whole(inputs)), true);
        Reply<PtNDArray> reply = answer.reply();
        PtNDArray result = answer.read(() -> output(reply));
        return pullback(answer, inputs, result, reply.leaves(), referenceOutput(answer));
    }

    private static List<Row> joined(List<Row> replaced, List<Row> tapped) {
        if (replaced.isEmpty() || tapped.isEmpty()) {
            return replaced.isEmpty() ? tapped : replaced;
        }
        return Stream.concat(replaced.stream(), tapped.stream()).toList();
    }

    /** Runs a part of the program, to go back to its inputs. */
    Pullback pullback(Inputs inputs, TorchPart.Rows part) {
        inputs.requireDifferentiable();
        List<Row> leafs = new ArrayList<>();
        for (int i = 0; i < part.replaced().size(); i++) {
            boolean attributed = inputs.size() > i && inputs.all().get(i).role() == Inputs.Role.ATTRIBUTED;
            leafs.add(part.replaced().get(i).asLeaf(attributed));
        }
        Answer answer = calls.answer(wanting(asked(inputs, leafs, part.tapped())), true);
        Reply<PtNDArray> reply = answer.reply();
        List<PtNDArray> leaves = new ArrayList<>();
        PtNDArray result = answer.read(() -> {
            List<PtNDArray> taps = ordered(reply, leafs, part.tapped());
            for (int i = 0; i < leafs.size(); i++) {
                if (leafs.get(i).leaf()) {
                    leaves.add(taps.get(i));
                }
            }
            return part.result() == null ? output(reply) : taps.get(leafs.size());
        });
        leaves.addAll(reply.leaves());
        return pullback(answer, inputs, result, leaves, part.result() == null ? referenceOutput(answer) : null);
    }

    /** The output at the references of a run that compared with some. */
    private @Nullable PtNDArray referenceOutput(Answer answer) {
        Reply<PtNDArray> there = answer.atReference();
        return there == null ? null : answer.read(() -> output(there));
    }

    private Pullback pullback(
            Answer answer, Inputs inputs, PtNDArray result, List<PtNDArray> leaves, @Nullable PtNDArray reference) {
        List<String> names = inputs.all().stream()
                .filter(input -> input.role() == Inputs.Role.ATTRIBUTED)
                .map(Inputs.Input::name)
                .toList();
        return pullback(answer, "input", names, result, leaves, reference);
    }

    private TorchPullback pullback(
            Answer answer,
            String what,
            List<String> names,
            PtNDArray result,
            List<PtNDArray> leaves,
            @Nullable PtNDArray reference) {
        List<PtNDArray> kept = new ArrayList<>(leaves);
        kept.add(result);
        if (reference != null) {
            kept.add(reference);
        }
        answer.closeAllBut(kept);
        return new TorchPullback(library, what, names, result, leaves, answer.pieces(), reference);
    }

    /** Runs a part of the program with the values of rows as the leaves of its graph. */
    LayerPullback pullbackLayers(Inputs inputs, TorchPart.Rows part, List<CutPoint> points, List<Row> rows) {
        List<Row> leafs = rows.stream().map(row -> row.asLeaf(true)).toList();
        List<Row> tapped = joined(leafs, part.tapped());
        Answer answer = calls.answer(asked(inputs, part.replaced(), tapped), true);
        Reply<PtNDArray> reply = answer.reply();
        int first = part.replaced().size();
        List<PtNDArray> leaves = new ArrayList<>();
        PtNDArray result = answer.read(() -> {
            List<PtNDArray> taps = ordered(reply, part.replaced(), tapped);
            leaves.addAll(taps.subList(first, first + leafs.size()));
            return part.result() == null ? output(reply) : taps.get(taps.size() - 1);
        });
        List<String> names = points.stream().map(CutPoint::toString).toList();
        PtNDArray reference = part.result() == null ? referenceOutput(answer) : null;
        TorchPullback pullback = pullback(answer, "layer", names, result, leaves, reference);
        List<TorchTensor> activations = leaves.stream()
                .map(leaf -> TensorScope.release(
                        module().tensors().adopt(module().runtime().operations().alias(leaf))))
                .toList();
        return new TorchLayerPullback(pullback, activations);
    }

    /**
     * Checks that no value of a cut is computed from another one: runs one row for each value, with it as the only
     * leaf. Done once for each set of values.
     *
     * @throws ModelException naming both, if one is
     */
    void requireIndependent(Inputs inputs, List<CutPoint> points, List<Row> rows) {
        if (plain != null) {
            plain.requireIndependent(inputs.withoutReferences(), points, rows);
            return;
        }
        if (rows.size() < 2 || independent.contains(rows)) {
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            Inputs one = inputs.select(0);
            for (int below = 0; below < rows.size(); below++) {
                List<Row> asked = new ArrayList<>(rows);
                asked.set(below, rows.get(below).asLeaf(true));
                Answer answer = calls.answer(tapped(one, asked), true);
                Reply<PtNDArray> reply = answer.reply();
                try {
                    ordered(reply, List.of(), rows);
                    for (Reply.Tap<PtNDArray> tap : reply.taps()) {
                        if (tap.row() != below && tap.dependent()) {
                            throw new ModelException("layer '" + points.get(tap.row()) + "' is computed from layer '"
                                    + points.get(below) + "', so the two cannot be cut at once; leave one of them out");
                        }
                    }
                } finally {
                    answer.closeAllBut(List.of());
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
                    throw new ModelException("input '" + all.get(position).name()
                            + "' is a plain number in the model's signature, which has no gradient; pass it"
                            + " with constant(...)");
                }
                question.request().want(number);
            }
        }
        return question;
    }

    /**
     * Returns the values of replaced and tapped rows, in order. Every row must have one, but for those that are
     * replaced inside a module whose result is replaced too, which does not run.
     */
    private List<PtNDArray> ordered(Reply<PtNDArray> reply, List<Row> replaced, List<Row> tapped) {
        List<Row> rows = joined(replaced, tapped);
        PtNDArray[] values = new PtNDArray[rows.size()];
        for (Reply.Tap<PtNDArray> tap : reply.taps()) {
            if (values[tap.row()] == null) {
                values[tap.row()] = tap.tensor();
            }
        }
        List<PtNDArray> ordered = Arrays.asList(values);
        for (int i = ordered.indexOf(null); i >= 0 && i < values.length; i++) {
            Row row = rows.get(i);
            if (values[i] != null
                    || (i < replaced.size() && replaced.stream().anyMatch(other -> isInside(row, other)))) {
                continue;
            }
            String layer = row.side() > Row.ARGUMENTS
                    ? "the layer"
                    : "layer '" + modules().get(row.module()).path() + "'";
            throw new ModelException(
                    row.call() == 0
                            ? layer
                                    + " was not reached in this run, so there is no value to look at or to replace;"
                                    + " the element may be too large, or these inputs take another branch"
                            : layer + " has no call " + row.call()
                                    + " in this run, so there is no value to look at or to replace; calls count from"
                                    + " 0, and these inputs may lead to fewer");
        }
        return ordered;
    }

    private boolean isInside(Row row, Row module) {
        return module.side() == Row.RESULT
                && modules()
                        .get(row.module())
                        .path()
                        .startsWith(modules().get(module.module()).path() + ".");
    }

    private PtNDArray output(Reply<PtNDArray> reply) {
        List<PtNDArray> outputs = reply.outputs();
        if (outputs.isEmpty()) {
            String when = signature.result().hasTensors() ? " for these inputs" : "";
            throw new ModelException("the model returns no tensor" + when + " (" + signature.resultType()
                    + "), so there is nothing to explain");
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

    /** Runs one row with every module's result tapped and returns the sizes of what was computed. */
    List<Long> valueSizes(Inputs inputs) {
        Inputs row = unbatched ? inputs.select(0) : inputs;
        List<Row> rows = modules().stream()
                .filter(info -> info.addressable() && info.index() > 0)
                .map(info -> new Row(info.index(), Row.EVERY_CALL, Row.RESULT, 0, false))
                .toList();
        Answer answer = calls.answer(tapped(row, rows), false);
        Reply<PtNDArray> reply = answer.reply();
        List<Long> sizes = new ArrayList<>();
        reply.taps().forEach(tap -> sizes.add(bytes(tap.tensor())));
        reply.outputs().forEach(output -> sizes.add(bytes(output)));
        answer.closeAllBut(List.of());
        return sizes;
    }

    /** Hears of a value that a run came by. */
    interface ValueListener {
        void hear(Row row, int call, DataType dataType, Shape shape);
    }

    /** Runs the program and tells of the values of rows, in order of execution. */
    void values(Inputs inputs, List<Row> rows, ValueListener listener) {
        List<Row> seen =
                unbatched ? rows.stream().map(row -> row.seen(Row.ALONE)).toList() : rows;
        Answer answer = calls.answer(tapped(unbatched ? inputs.select(0) : inputs, seen), false);
        Reply<PtNDArray> reply = answer.reply();
        try {
            for (Reply.Tap<PtNDArray> tap : reply.taps()) {
                listener.hear(
                        rows.get(tap.row()),
                        tap.call(),
                        Types.fromDjl(tap.tensor().getDataType()),
                        shape(tap.tensor(), inputs));
            }
        } finally {
            answer.closeAllBut(List.of());
        }
    }

    /** The shape of a value for all rows. */
    private Shape shape(PtNDArray value, Inputs inputs) {
        Shape shape = Types.fromDjl(value.getShape());
        return unbatched ? shape.withRows(inputs.rows()) : shape;
    }

    private static long bytes(PtNDArray array) {
        return array.size() * array.getDataType().getNumOfBytes();
    }
}
