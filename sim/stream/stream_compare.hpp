// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>

#include "compare.hpp"
#include "stream/host_bus.hpp"
#include "stream/program.hpp"

namespace flexor::stream {

/// How images run on the stream engine and beside the golden model.
struct RunOptions {
  int images = 1;
  bool check = true;      ///< compare every word with the golden model, else logits only count for accuracy
  Corruption corruption;  ///< what is changed before the run, to see it fail
  std::function<std::unique_ptr<HostBus>()> make_host;
  std::function<void(int)> progress;  ///< images done
  std::function<bool()> stop;         ///< true: give up
};

/// Runs images on the engine, one after another, each uploaded before its job; every halfword that the engine writes is compared with the
/// golden model's word of that place. Figures as of the other engine (Comparison); cycles by stage as the trace port tells them.
Comparison run_images(const Network& network, const Dataset& data, const Parameters& parameters, const RunOptions& options);

}  // namespace flexor::stream
