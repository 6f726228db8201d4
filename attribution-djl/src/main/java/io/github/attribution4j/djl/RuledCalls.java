// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.engine.Memory;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.djl.internal.instrument.Instrumented;
import io.github.attribution4j.djl.internal.rule.RuleTable;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule.Family;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs the program with backward rules. Runs that record no graph use the module without rules, which gives the
 * same values.
 *
 * <p>Rules that compare take two runs. The first, of the references, records no graph and returns the values that the
 * rules of the second run need. The two are not joined in one batch, so no assumption is made about the axis that
 * counts rows.
 */
final class RuledCalls implements ProgramCalls {
    private static final Pattern REFUSAL = Pattern.compile("a4j:(\\w+):(\\d{1,9}):(\\d{1,9})");

    private final TorchModules plain;
    private final TorchModules ruled;
    private final Arguments arguments;
    private final RuleTable table;

    /**
     * Makes the calls of one rule set.
     *
     * @param plain runs without a graph
     * @param ruled the copy for the rules' family
     */
    RuledCalls(TorchModules plain, TorchModules ruled, Arguments arguments, RuleTable table) {
        this.plain = plain;
        this.ruled = ruled;
        this.arguments = arguments;
        this.table = table;
    }

    @Override
    public Answer answer(TorchCall call, boolean gradients) {
        Inputs inputs = call.inputs();
        if (table.family() != Family.COMPARISON) {
            return run(call, inputs, table.family() == Family.GUIDED ? 0 : 1, Memory.NONE, true);
        }
        Answer there = reference(call);
        try (Memory memory = there.pieces()) {
            Answer here = there.read(() -> run(call, inputs, 1, memory, true));
            return new Answer(here.reply(), here.pieces(), there.reply());
        }
    }

    private Answer reference(TorchCall call) {
        Inputs inputs = call.inputs().atReferences();
        int shift = call.shift();
        Request<Integer> request = arguments.bind(inputs.all().subList(shift, inputs.size()));
        for (int i = 0; i < shift; i++) {
            // A replaced value is computed in this run, unless it has a reference of its own.
            if (call.inputs().hasReference(inputs.all().get(i).name())) {
                request.replace(call.request().rows().get(i).asLeaf(false), i - shift);
            }
        }
        TorchCall whole = new TorchCall(inputs, request, Instrumented.RUN, shift);
        return run(whole, inputs, 0, Memory.NONE, false);
    }

    private Answer run(TorchCall call, Inputs inputs, int mode, Memory memory, boolean gradients) {
        TorchRuntime runtime = plain.module().runtime();
        Level level = call.level() == Level.VALUES ? Level.VALUES : Level.MODULES;
        List<PtNDArray> handles = new ArrayList<>();
        List<PtNDArray> results;
        try (PtNDArray control = runtime.operations().int64(call.request().control());
                PtNDArray rules = runtime.operations().int64(table.control(mode, memory.marks()));
                PtNDArray numbers = runtime.operations().float64(table.numbers())) {
            handles.add(control);
            handles.add(rules);
            handles.add(numbers);
            handles.addAll(memory.tensors());
            handles.addAll(PlainCalls.inputs(plain, call, inputs));
            results = new ArrayList<>(ruled.call(level, Instrumented.RUN, handles, gradients));
        } catch (EngineException e) {
            throw failure(inputs, e);
        }
        long[] kept;
        try (PtNDArray last = results.remove(results.size() - 1)) {
            kept = runtime.operations().longs(last);
        }
        List<PtNDArray> tensors = results.subList(results.size() - (int) kept[0], results.size());
        List<Long> marks = Arrays.stream(kept).skip(1).boxed().toList();
        Memory left = new Memory(tensors, marks);
        return new Answer(PlainCalls.reply(plain, results.subList(0, results.size() - tensors.size())), left, null);
    }

    private ModelException failure(Inputs inputs, EngineException e) {
        Matcher refusal = REFUSAL.matcher(String.valueOf(e.getMessage()));
        if (refusal.find()) {
            String message = table.refusal(
                    refusal.group(1), Integer.parseInt(refusal.group(2)), Integer.parseInt(refusal.group(3)));
            return new UnsupportedModelException(message, e);
        }
        return PlainCalls.failure(plain, inputs, e);
    }
}
