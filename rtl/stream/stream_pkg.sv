// SPDX-License-Identifier: Apache-2.0

/// Instructions, tables and status of the stream engine (docs/stream_engine.md).
package stream_pkg;

  /// Bits 15:12 of an instruction.
  typedef enum logic [3:0] {
    OpSource = 4'd0,
    OpFill   = 4'd1,
    OpRow    = 4'd2,
    OpLine   = 4'd3,
    OpPixels = 4'd4,
    OpBase   = 4'd5,
    OpNext   = 4'd6,
    OpEntry  = 4'd7,
    OpWeight = 4'd8,
    OpResult = 4'd9,
    OpAddend = 4'd10,
    OpOutput = 4'd11,
    OpSteps  = 4'd12,
    OpScale  = 4'd13,
    OpCode   = 4'd14,
    OpAction = 4'd15
  } op_e;

  /// Bits 11:9 of OpAction.
  typedef enum logic [2:0] {
    ActionGo   = 3'd0,
    ActionBits = 3'd1,
    ActionCopy = 3'd2,
    ActionWait = 3'd3,
    ActionEnd  = 3'd4
  } action_e;

  /// Bits 2:1 of GO.
  typedef enum logic [1:0] {
    FillNothing = 2'd0,
    FillRow     = 2'd1,
    FillZeros   = 2'd2
  } fill_e;

  /// Bits 4:3 of GO.
  typedef enum logic [1:0] {
    ResultEach = 2'd0,
    ResultNone = 2'd1,
    ResultLast = 2'd2
  } result_e;

  /// Bits 8:7 of COPY.
  typedef enum logic [1:0] {
    TableMicrocode  = 2'd0,
    TableCode       = 2'd1,
    TableParameters = 2'd2
  } table_e;

  /// How a job ended.
  typedef enum logic [2:0] {
    ErrorNone        = 3'd0,
    ErrorInstruction = 3'd1,
    ErrorStreamEnd   = 3'd2,
    ErrorTimeOut     = 3'd3,
    ErrorOverrun     = 3'd4,
    ErrorAborted     = 3'd5
  } error_e;

endpackage
