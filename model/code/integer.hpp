// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <type_traits>

namespace flexor {

/// Least whole number >= `dividend` / `divisor`; `dividend` >= 0, `divisor` > 0, and their sum fits the wider type.
template <std::integral Dividend, std::integral Divisor>
[[nodiscard]] constexpr std::common_type_t<Dividend, Divisor> ceil_div(Dividend dividend, Divisor divisor) {
  static_assert(std::is_signed_v<Dividend> == std::is_signed_v<Divisor>);
  return (dividend + divisor - 1) / divisor;
}

}  // namespace flexor
