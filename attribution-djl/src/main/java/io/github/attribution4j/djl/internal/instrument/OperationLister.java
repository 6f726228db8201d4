// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.instrument.Places.Place;
import io.github.attribution4j.djl.internal.instrument.Places.Text;
import io.github.attribution4j.djl.internal.program.CallSite;
import io.github.attribution4j.djl.internal.program.OperationInfo;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.model.rule.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Lists the operations of a program in the order in which its text runs: branches one after the other, and loops once.
 */
final class OperationLister {
    /** The text of one instance, with the instances that are passed to it. */
    private record Visit(int module, Text text, Map<String, Integer> passed) {}

    private record Key(int module, int side) {}

    private final ProgramIndex index;
    private final Places places;
    private final Function<String, List<Text>> methods;
    private final Map<Integer, Map<Integer, Integer>> numbers = new HashMap<>();
    private final Map<Key, OperationInfo> found = new LinkedHashMap<>();
    private final Set<Visit> seen = new HashSet<>();

    /** {@code methods}: the methods of a class that run. */
    OperationLister(ProgramIndex index, Places places, Function<String, List<Text>> methods) {
        this.index = index;
        this.places = places;
        this.methods = methods;
    }

    List<OperationInfo> list() {
        follow(new Visit(0, new Text(index.root().name(), "forward"), Map.of()));
        return new ArrayList<>(found.values());
    }

    private void follow(Visit visit) {
        if (!seen.add(visit)) {
            return;
        }
        for (Object event : places.events(visit.text())) {
            if (event instanceof Place place) {
                add(visit.module(), place);
            } else if (event instanceof Text function) {
                follow(new Visit(visit.module(), function, Map.of()));
            } else if (event instanceof CallSite site) {
                Map<String, Integer> passed = new LinkedHashMap<>();
                site.modules()
                        .forEach((name, module) ->
                                passed.put(name, ModuleLister.absolute(visit.module(), visit.passed(), module)));
                int target = ModuleLister.absolute(visit.module(), visit.passed(), site.target());
                follow(new Visit(target, new Text(site.target().type(), site.method()), passed));
            }
        }
    }

    private void add(int module, Place place) {
        Operation.Kind kind = place.kind();
        Key key = new Key(module, place.side());
        if (kind != null && !found.containsKey(key)) {
            String type = index.nodes().get(module).type().name();
            int number = numbers.computeIfAbsent(module, m -> places.numbers(methods.apply(type)))
                    .getOrDefault(place.side(), 0);
            found.put(
                    key,
                    new OperationInfo(
                            module,
                            place.operator(),
                            number,
                            place.name(),
                            kind,
                            Places.number(place.side()),
                            found.size()));
        }
    }
}
