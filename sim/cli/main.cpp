// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "code/error.hpp"
#include "command.hpp"
#include "interrupt.hpp"

#ifndef FLEXOR_SOURCE_DIR
#define FLEXOR_SOURCE_DIR "."
#endif

namespace {

// One line on standard error that starts with "flexor: "; returns the exit code of bad input.
int refuse(std::string sentence) {
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  while (!sentence.empty() && (sentence.back() == ' ' || sentence.back() == '.')) {
    sentence.pop_back();
  }
  std::fputs(("flexor: " + sentence + "\n").c_str(), stderr);
  return 2;
}

std::string joined(int argc, char** argv) {
  std::string line = "flexor";
  for (int i = 1; i < argc; ++i) {
    line += " ";
    line += argv[i];
  }
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  flexor::Context context;
  context.command = joined(argc, argv);
  const char* root = std::getenv("FLEXOR_ROOT");
  context.root = root != nullptr ? root : FLEXOR_SOURCE_DIR;

  CLI::App app("Trains, compiles, simulates, compares and synthesises FleXOR networks: fractional-bit weights behind XOR gates.", "flexor");
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", std::string("flexor ") + flexor::kVersion + ", commit " + flexor::kCommit);
  app.footer("Example:\n  flexor compare model/zoo/lenet5-small-0.4/model.flexor --images 100");
  flexor::add_train(app, context);
  flexor::add_sweep(app, context);
  flexor::add_eval(app, context);
  flexor::add_compile(app, context);
  flexor::add_convert(app, context);
  flexor::add_inspect(app, context);
  flexor::add_export(app, context);
  flexor::add_import(app, context);
  flexor::add_sim(app, context);
  flexor::add_compare(app, context);
  flexor::add_synth(app, context);
  flexor::add_report(app, context);

  flexor::catch_interrupts();
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error of write(), like a full disk
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : refuse(std::string(error.what()) + "; see flexor --help");
  } catch (const flexor::InputError& error) {
    return refuse(error.what());
  } catch (const flexor::Interrupted& error) {
    return refuse(error.what());
  } catch (const std::bad_alloc&) {
    return refuse("there is not enough memory for this; ask for fewer images or threads");
  } catch (const std::exception& error) {
    refuse(error.what());
    return 1;
  }
  if (app.get_subcommands().empty()) {
    return refuse("no command given; see flexor --help");
  }
  if (std::fflush(stdout) != 0) {
    return refuse("cannot write to standard output; free some space or choose another place");
  }
  return context.exit_code;
}
