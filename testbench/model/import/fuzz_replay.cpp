// SPDX-License-Identifier: Apache-2.0
// Calls the fuzz target with every file of a folder, and with every file cut and with a flipped byte.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("give the folder of the corpus\n", stderr);
    return 2;
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream stream(entry.path(), std::ios::binary);
    std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    constexpr std::size_t kPlaces = 16;
    for (std::size_t place = 0; place < kPlaces && bytes.size() > kPlaces; ++place) {
      const std::size_t at = bytes.size() * place / kPlaces;
      LLVMFuzzerTestOneInput(bytes.data(), at);
      bytes[at] ^= 0x55;
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      bytes[at] ^= 0x55;
    }
    ++files;
  }
  std::printf("%d files\n", files);
  return files == 0 ? 1 : 0;
}
