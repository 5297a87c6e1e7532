// SPDX-License-Identifier: Apache-2.0

/// What the two AXI4 masters share: error codes and fixed widths.
package axi_pkg;

  /// Bits of a command's number of beats.
  localparam int unsigned BeatsWidth = 24;

  /// Bits of an error code.
  localparam int unsigned ErrorWidth = 3;

  /// Why a master stopped.
  typedef enum logic [ErrorWidth-1:0] {
    /// Nothing wrong.
    AxiErrorNone    = 3'd0,
    /// SLVERR: the memory refused.
    AxiErrorSlave   = 3'd1,
    /// DECERR: nobody has this address.
    AxiErrorDecode  = 3'd2,
    /// The memory neither took nor gave anything for too long.
    AxiErrorTimeout = 3'd3,
    /// RLAST in the wrong place.
    AxiErrorLast    = 3'd4,
    /// Command: address not a multiple of a beat, or no beats.
    AxiErrorCommand = 3'd5,
    /// Command: a byte outside the permitted window.
    AxiErrorWindow  = 3'd6
  } axi_error_e;

  /// Burst type INCR.
  localparam logic [1:0] BurstIncrement = 2'b01;

  /// Error code of a response; AxiErrorNone for OKAY and EXOKAY.
  function automatic axi_error_e response_error(logic [1:0] response);
    if (!response[1]) return AxiErrorNone;
    return response[0] ? AxiErrorDecode : AxiErrorSlave;
  endfunction

endpackage
