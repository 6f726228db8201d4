// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** In which module of the exported program a node stands, as both exporters of PyTorch note it. */
public final class Modules {
    private static final String SCOPES = "pkg.torch.onnx.name_scopes";
    private static final Pattern QUOTED = Pattern.compile("'([^']*)'");

    private Modules() {}

    /** The innermost module around a node; empty if it is the model itself, or nothing is noted. */
    public static String around(Node node) {
        String scopes = node.metadata().get(SCOPES);
        if (scopes != null) {
            List<String> path = new ArrayList<>();
            Matcher matcher = QUOTED.matcher(scopes);
            while (matcher.find()) {
                path.add(matcher.group(1));
            }
            return path.size() < 2 ? "" : path.get(path.size() - 2); // the last is the operation itself
        }
        int end = node.name().lastIndexOf('/');
        return node.name().startsWith("/") && end > 0 ? node.name().substring(1, end) : "";
    }
}
