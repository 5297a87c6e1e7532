// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "import/graph.hpp"

namespace flexor::foreign {

/// Leaves out what turns logits into probabilities or a class at the end: Softmax, LogSoftmax, ArgMax. Returns the operators left out.
std::vector<std::string> drop_tail(Graph& graph);
/// Leaves out nodes that give their input: Identity, Dropout, casts to numbers with a fraction.
void drop_identities(Graph& graph);

}  // namespace flexor::foreign
