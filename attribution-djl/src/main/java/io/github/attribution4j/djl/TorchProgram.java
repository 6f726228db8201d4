// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.engine.TorchModule;
import io.github.attribution4j.djl.internal.instrument.Instrumented;
import io.github.attribution4j.djl.internal.instrument.Slice;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.rule.RuleTable;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.djl.internal.wire.Value;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.program.Program.Place;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.program.Program.RowForm;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The instrumented program in libtorch's memory: one native module for the model, every head and every tail, which only
 * pass different arguments.
 */
final class TorchProgram implements Program {
    private static final List<Integer> FIRST = List.of(0);

    /** The rounding that is allowed in values with rules. */
    private static final double SAME = 1e-4;

    private final TorchModules library;
    private final ProgramCalls calls;
    private final @Nullable TorchProgram plain;
    private final TorchAddresses addresses;
    private final Arguments arguments;
    private final OutputChoice output;
    private final boolean unbatched;
    private final Map<RuleSet, TorchProgram> ruled = new ConcurrentHashMap<>();

    TorchProgram(TorchModules modules, TorchAddresses addresses, LoadOptions options) {
        Signature signature = modules.program().signature();
        this.library = modules;
        this.calls = new PlainCalls(modules);
        this.plain = null;
        this.addresses = addresses;
        this.unbatched = options.isUnbatched();
        this.arguments = new Arguments(signature, options.argumentNames(), unbatched);
        this.output = new OutputChoice(options.output().orElse(null), signature);
    }

    private TorchProgram(TorchProgram plain, RuleTable table) {
        this.library = plain.library;
        this.plain = plain;
        this.addresses = plain.addresses;
        this.arguments = plain.arguments;
        this.output = plain.output;
        this.unbatched = plain.unbatched;
        this.calls = new RuledCalls(library, library.ruled(table.family()), arguments, table);
    }

    private TorchProgram(TorchProgram plain, TorchModules library) {
        this.library = library;
        this.plain = null;
        this.calls = new PlainCalls(library);
        this.addresses = plain.addresses;
        this.arguments = plain.arguments;
        this.output = plain.output;
        this.unbatched = plain.unbatched;
    }

    @Override
    public TorchProgram with(RuleSet rules) {
        module().check();
        return ruled.computeIfAbsent(rules, key -> {
            Instrumented text = library.values();
            return new TorchProgram(this, RuleTable.of(key, addresses.operations(), text.places(), text.operations()));
        });
    }

    private TorchModule module() {
        return library.module();
    }

    /** Returns the state after a call, by the names of what the program changes. */
    Map<String, Tensor> stateAfter(Inputs inputs) {
        if (library.program().state().isEmpty()) {
            return Map.of();
        }
        requireOneRow(inputs, "which each leave a state of their own");
        inputs.requireNoReferences();
        TorchProgram after = new TorchProgram(this, library.after());
        Answer answer = after.calls.answer(after.bound(Question.of(inputs), List.of()), false);
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

    @Override
    public RowLayout rowLayout() {
        return unbatched ? RowLayout.NONE : RowLayout.VARIES;
    }

    @Override
    public void check(Cut.Point point) {
        module().check();
        addresses.row(point);
    }

    @Override
    public List<Tensor> forward(Question question) {
        module().check();
        if (question.isWhole()
                && output.isOnly()
                && calls instanceof PlainCalls simple
                && library.program().plain()) {
            Inputs inputs = question.inputs();
            List<Integer> positions = arguments.isOneTensor(inputs)
                    ? FIRST
                    : arguments.bind(question.arguments()).tensors();
            return List.of(module().tensors().adopt(simple.output(inputs, positions)));
        }
        List<Row> rows = rows(question, false);
        Answer answer = calls(question, rows, question.tapped().isEmpty()).answer(bound(question, rows), false);
        List<PtNDArray> values = answer.read(() -> {
            List<PtNDArray> taps = ordered(answer.reply(), question, rows);
            return question.tapped().isEmpty()
                    ? List.of(output.of(answer.reply()))
                    : taps.subList(question.replaced().size(), rows.size());
        });
        answer.closeAllBut(values);
        return values.stream()
                .<Tensor>map(value -> module().tensors().adopt(value))
                .toList();
    }

    @Override
    public Pullback pullback(Question question) {
        module().check();
        boolean inside = !question.tapped().isEmpty();
        List<Row> rows = rows(question, true);
        TorchCall call = bound(question, rows);
        if (!inside) {
            wantGradients(call);
        }
        Answer answer = calls(question, rows, question.end() == null).answer(call, true);
        Reply<PtNDArray> reply = answer.reply();
        List<PtNDArray> leaves = new ArrayList<>();
        PtNDArray result = answer.read(() -> {
            List<PtNDArray> taps = ordered(reply, question, rows);
            for (int i = 0; i < rows.size(); i++) {
                if (rows.get(i).leaf()) {
                    leaves.add(taps.get(i));
                }
            }
            return question.end() == null ? output.of(reply) : taps.get(rows.size() - 1);
        });
        leaves.addAll(reply.leaves());
        Reply<PtNDArray> there = question.end() == null ? answer.atReference() : null;
        PtNDArray reference = there == null ? null : answer.read(() -> output.of(there));
        List<PtNDArray> kept = new ArrayList<>(leaves);
        kept.add(result);
        if (reference != null) {
            kept.add(reference);
        }
        answer.closeAllBut(kept);
        TorchPullback pullback = new TorchPullback(
                library,
                inside ? TorchPullback.LAYER : TorchPullback.INPUT,
                question.leafNames(),
                result,
                leaves,
                answer.pieces(),
                reference);
        if (plain != null && !inside && library.values().takesGradients()) {
            requireSame(plain, pullback, question);
        }
        return pullback;
    }

    /** Returns those of some names of parameters that belong to different tensors in libtorch. */
    List<String> distinct(List<String> names) {
        return library.learning().module().distinct(names);
    }

    /**
     * Runs the program for gradients by its parameters.
     *
     * @param names of the learned parameters, as the loaded module calls them
     */
    Pullback pullbackTo(List<String> names, Inputs inputs) {
        requireOneRow(inputs, "and gradients by parameters are those of one call");
        inputs.requireNoReferences();
        TorchProgram learning = new TorchProgram(this, library.learning());
        Answer answer = learning.calls.answer(learning.bound(Question.of(inputs), List.of()), true);
        PtNDArray result = answer.read(() -> output.of(answer.reply()));
        answer.closeAllBut(List.of(result));
        boolean complete = false;
        try {
            List<PtNDArray> leaves = new ArrayList<>(learning.module().parameters(names));
            complete = true;
            return new TorchPullback(
                    learning.library, TorchPullback.PARAMETER, names, result, leaves, answer.pieces(), null);
        } finally {
            if (!complete) {
                result.close();
            }
        }
    }

    private void requireOneRow(Inputs inputs, String why) {
        if (unbatched && inputs.rows() > 1) {
            throw new ModelException("inputs have " + inputs.rows() + " rows, and the program takes one example a call"
                    + " (LoadOptions.unbatched), " + why + "; give one row");
        }
    }

    /**
     * Rules replace derivatives, also those that a program takes itself; checks that the output is the same
     * nevertheless.
     */
    private static void requireSame(TorchProgram plain, Pullback pullback, Question question) {
        Place end = question.end();
        Question same = new Question(
                question.inputs().withoutReferences(),
                question.replaced(),
                end == null ? List.of() : List.of(end),
                null);
        try (TensorScope scope = TensorScope.open()) {
            double[] ruled = pullback.output().toDoubleArray();
            double[] values = plain.forward(same).get(0).toDoubleArray();
            for (int i = 0; i < values.length; i++) {
                if (!(Math.abs(ruled[i] - values[i]) <= SAME * Math.max(1, Math.abs(values[i])))) {
                    throw new UnsupportedModelException(
                            "output " + i + " is " + values[i] + ", and with rules " + ruled[i]
                                    + ": the program takes derivatives itself (torch.autograd.grad, backward), and"
                                    + " rules, which replace derivatives, change what it computes; use a gradient"
                                    + " method or one that perturbs");
                }
            }
        } catch (RuntimeException e) {
            pullback.close();
            throw e;
        }
    }

    @Override
    public Set<Cut.Point> computedFrom(Cut.Point source, List<Cut.Point> points, Inputs inputs) {
        module().check();
        List<Place> places =
                points.stream().map(point -> new Place(point, RowForm.ROWS)).toList();
        List<Row> rows = points.stream()
                .map(point -> addresses.row(point).asLeaf(point.equals(source)))
                .toList();
        return tapped(inputs, rows, true, reply -> {
            ordered(reply, new Question(inputs, List.of(), places, null), rows);
            Set<Cut.Point> computed = new HashSet<>();
            for (Reply.Tap<PtNDArray> tap : reply.taps()) {
                if (tap.dependent()) {
                    computed.add(points.get(tap.row()));
                }
            }
            return computed;
        });
    }

    /** Runs the program with rows tapped. */
    <R> R tapped(Inputs inputs, List<Row> rows, boolean gradients, Function<Reply<PtNDArray>, R> reader) {
        inputs.requireNoReferences();
        Request<Integer> request = arguments.bind(inputs.all());
        rows.forEach(request::tap);
        Answer answer = calls.answer(new TorchCall(inputs, request, Instrumented.RUN, 0), gradients);
        try {
            return reader.apply(answer.reply());
        } finally {
            answer.closeAllBut(List.of());
        }
    }

    /** The rows of all places. */
    private List<Row> rows(Question question, boolean back) {
        if (question.isWhole()) {
            return List.of();
        }
        int replaced = question.replaced().size();
        int tapped = replaced + question.tapped().size();
        List<Row> rows = new ArrayList<>();
        for (Place place : question.places()) {
            int i = rows.size();
            boolean leaf =
                    i < replaced ? question.isLeaf(question.inputs().all().get(i)) : i < tapped;
            Row row = row(place, back && leaf);
            boolean once = row.side() == Row.RESULT
                    && Slice.runsOnce(addresses.modules().get(row.module()));
            rows.add(i < replaced && once ? row.everyCall() : row);
        }
        return rows;
    }

    private Row row(Place place, boolean leaf) {
        RowForm form = place.form();
        long view = switch (form.kind()) {
            case ROWS -> Row.AS_IS;
            case AXIS -> Row.axis((int) form.number());
            case MAJOR -> Row.rowMajor(form.number());
            case MINOR -> Row.rowMinor(form.number());
            case ALONE -> Row.ALONE;
        };
        return addresses.row(place.point()).seen(view).asLeaf(leaf);
    }

    /**
     * Returns what answers a question about values inside: the whole program, or the part that is needed.
     *
     * @param wanted whether the output is
     */
    private ProgramCalls calls(Question question, List<Row> rows, boolean wanted) {
        if (rows.isEmpty() || !(calls instanceof PlainCalls)) {
            return calls;
        }
        int given = question.replaced().size();
        return Slice.of(rows.subList(0, given), rows.subList(given, rows.size()), wanted, addresses.modules())
                .flatMap(library::slice)
                .<ProgramCalls>map(PlainCalls::new)
                .orElse(calls);
    }

    private TorchCall bound(Question question, List<Row> rows) {
        int count = question.replaced().size();
        Request<Integer> request = arguments.bind(question.arguments());
        for (int i = 0; i < rows.size(); i++) {
            if (i < count) {
                request.replace(rows.get(i), i - count);
            } else {
                request.tap(rows.get(i));
            }
        }
        String entry = question.isWhole() ? Instrumented.FORWARD : Instrumented.RUN;
        return new TorchCall(question.inputs(), request, entry, count);
    }

    private static void wantGradients(TorchCall call) {
        // A tensor of the request is the position of its input; wanted gradients are named by the position in
        // the request.
        List<Integer> positions = call.request().tensors();
        List<Inputs.Input> all = call.inputs().all();
        for (int position = call.shift(); position < all.size(); position++) {
            if (all.get(position).role() == Inputs.Role.ATTRIBUTED) {
                int number = positions.indexOf(position - call.shift());
                if (number < 0) {
                    throw new ModelException("input '" + all.get(position).name()
                            + "' is a plain number in the model's signature, which has no gradient; pass it"
                            + " with constant(...)");
                }
                call.request().want(number);
            }
        }
    }

    /**
     * Returns the values of rows, in order. Every row must have one, except those replaced inside a module whose result
     * is replaced too, because that module does not run.
     */
    private List<PtNDArray> ordered(Reply<PtNDArray> reply, Question question, List<Row> rows) {
        if (rows.isEmpty()) {
            return List.of();
        }
        List<Row> replaced = rows.subList(0, question.replaced().size());
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
            throw question.places().get(i).notReached();
        }
        return ordered;
    }

    private boolean isInside(Row row, Row module) {
        List<ModuleInfo> modules = library.values().modules();
        return module.side() == Row.RESULT
                && modules.get(row.module())
                        .path()
                        .startsWith(modules.get(module.module()).path() + ".");
    }

    @Override
    public String toString() {
        return "TorchProgram[" + library.program().signature() + "]";
    }
}
