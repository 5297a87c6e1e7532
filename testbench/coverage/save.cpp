// SPDX-License-Identifier: Apache-2.0
#include "save.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include "verilated.h"
#include "verilated_cov.h"

namespace {

/// Counts of every point of every model that this process has destroyed, written when it ends.
class Counts {
 public:
  ~Counts() {
    if (counts_.empty()) return;
    std::ofstream out(name_ + ".dat");
    out << "# SystemC::Coverage-3\n";
    for (const auto& [point, count] : counts_) out << "C " << point << ' ' << count << '\n';
  }

  /// Adds what the models of a context have counted, and forgets them.
  void take(VerilatedContext& context) {
    const std::scoped_lock lock(mutex_);
    if (name_.empty()) return;
    const std::string file = name_ + ".part";
    context.coveragep()->write(file.c_str());
    context.coveragep()->clear();
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      const auto end = line.rfind(' ');  // C 'point' count
      if (line.starts_with("C ") && end > 2) counts_[line.substr(2, end - 2)] += std::stoull(line.substr(end + 1));
    }
    in.close();
    std::remove(file.c_str());
  }

 private:
  static std::string name() {
    const char* folder = std::getenv("FLEXOR_COVERAGE");
    return folder == nullptr ? "" : std::string(folder) + "/" + std::to_string(getpid());
  }

  const std::string name_ = name();
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace

void flexor_save_coverage(VerilatedContext* context) {
  static Counts counts;
  counts.take(*context);
}
