import Foundation
import Postgres
import Testing

@Suite struct ValueTests {
    /// The server is the oracle: it compares what we sent with a literal of its own.
    @Test(arguments: [
        (PostgresValue.text("naïve 🎙️ \\ ' \""), "text", #"'naïve 🎙️ \ '' "'"#),
        (.int64(.min), "int8", "'-9223372036854775808'"),
        (.int64(7), "int2", "7"),
        (.double(0.1), "float8", "0.1"),
        (.double(-.infinity), "float8", "'-Infinity'"),
        (.bool(true), "bool", "true"),
        (.timestamp(microseconds: 0), "timestamptz", "'1970-01-01 00:00:00Z'"),
        (.timestamp(microseconds: -1), "timestamptz", "'1969-12-31 23:59:59.999999Z'"),
        (.timestamp(microseconds: 1_709_210_096_000_001), "timestamptz", "'2024-02-29 12:34:56.000001Z'"),
        (.timestamp(microseconds: 253_402_300_800_000_000), "timestamptz", "'10000-01-01 00:00:00Z'"),
        (.json(Array(#"{"a":[1,"é"]}"#.utf8)), "jsonb", #"'{"a": [1, "é"]}'"#),
        (.bytes([0, 255, 92, 39]), "bytea", #"'\x00ff5c27'"#),
        (.textArray(["a,b", nil, "", "NULL", #"q"\ {}"#]), "text[]", #"ARRAY['a,b', NULL, '', 'NULL', 'q"\ {}']"#),
        (.int64Array([1, nil, -3]), "int8[]", "ARRAY[1, NULL, -3]"),
        (.int64Array([]), "int8[]", "'{}'"),
        (.boolArray([true, nil, false]), "bool[]", "ARRAY[true, NULL, false]"),
        (.doubleArray([1.5, nil, .infinity]), "float8[]", "ARRAY[1.5, NULL, 'Infinity']"),
        (.timestampArray(microseconds: [0, nil]), "timestamptz[]", "ARRAY['1970-01-01Z'::timestamptz, NULL]"),
        (.jsonArray([Array(#"{"k":"\"x\""}"#.utf8), nil]), "jsonb[]", #"ARRAY['{"k": "\"x\""}'::jsonb, NULL]"#),
        (.bytesArray([[1, 2], nil, []]), "bytea[]", #"ARRAY['\x0102'::bytea, NULL, '\x']"#),
    ])
    func value_sent_equalsTheServersLiteral(_ value: PostgresValue, _ type: String, _ literal: String) async throws {
        try await withPool({ $0.connectionCount = 1 }) { pool in
            let rows = try await pool.run(
                "SELECT $1::\(type) IS NOT DISTINCT FROM \(literal)::\(type) AS same", [value])
            #expect(try rows[0].get("same", as: Bool.self))
        }
    }

    @Test func row_readByNameAndPosition_givesTypedValues() async throws {
        try await withPool { pool in
            let id = UUID()
            let rows = try await pool.run(
                """
                SELECT $1::uuid AS id, 5::int4 AS n, 2.5::numeric AS d, 'é🙂'::text AS t, NULL::text AS nothing,
                    '{"a":1}'::json AS j, '\\x00ff'::bytea AS b, '{1,NULL,3}'::int8[] AS list,
                    ARRAY['a b', NULL, 'c"\\d', ''] AS words, '2024-02-29 12:34:56.5+02'::timestamptz AS at
                """, [.uuid(id)])
            let row = rows[0]
            #expect(rows.columnNames == ["id", "n", "d", "t", "nothing", "j", "b", "list", "words", "at"])
            #expect(try row.get("id", as: UUID.self) == id)
            #expect(try row.get(1, as: Int.self) == 5)
            #expect(try row.get("n", as: Int32.self) == 5)
            #expect(try row.get("d", as: Double.self) == 2.5)
            #expect(try row.get("t", as: String.self) == "é🙂")
            #expect(try row.optional("nothing", as: String.self) == nil)
            #expect(try row.bytes("j") == Array(#"{"a":1}"#.utf8))
            #expect(try row.withBytes("j") { $0?.count } == 7)
            #expect(try row.get("b", as: PostgresBytes.self).bytes == [0, 255])
            #expect(try row.get("list", as: PostgresArray<Int>.self).elements == [1, nil, 3])
            #expect(try row.get("words", as: PostgresArray<String>.self).elements == ["a b", nil, #"c"\d"#, ""])
            #expect(try row.get("at", as: PostgresTimestamp.self).microseconds == 1_709_202_896_500_000)
        }
    }

    @Test func row_readWrongly_throwsAndNamesTheColumn() async throws {
        try await withPool { pool in
            let row = try await pool.run("SELECT NULL::int8 AS nothing, 'secret' AS word")[0]
            let errors = [
                await failure { _ = try row.get("nothing", as: Int.self) },
                await failure { _ = try row.get("word", as: Int.self) },
                await failure { _ = try row.get("absent", as: Int.self) },
                await failure { _ = try row.get(9, as: Int.self) },
                await failure { _ = try row.get(-1, as: Int.self) },
                await failure { _ = try row.bytes("nothing") },
            ]
            #expect(errors.map { $0?.kind } == Array(repeating: .decoding, count: 6))
            #expect(errors.map { $0?.columnName } == ["nothing", "word", "absent", "9", "-1", "nothing"])
            #expect(errors.allSatisfy { !"\(String(describing: $0))".contains("secret") })
        }
    }

    @Test func timestamps_ofAllEras_comeBackUnchanged() async throws {
        let moments: [Int64] = [
            -62_135_596_800_000_000, -11_676_096_000_000_001, -1, 0, 951_827_696_123_456, 4_107_542_400_000_000,
            253_402_300_799_999_999, 9_000_000_000_000_000_000,
        ]
        try await withPool { pool in
            let rows = try await pool.run(
                "SELECT t FROM unnest($1::timestamptz[]) WITH ORDINALITY AS x (t, n) ORDER BY n",
                [.timestampArray(microseconds: moments)])
            #expect(try rows.map { try $0.get("t", as: PostgresTimestamp.self).microseconds } == moments)
        }
    }

    @Test func textWithNUL_isRefusedBeforeItIsSent() async throws {
        try await withPool { pool in
            let error = await failure { try await pool.run("SELECT $1::text", [.text("a\0b")]) }
            #expect(error?.kind == .encoding)
        }
    }

    @Test func batchedInsert_withUnnest_writesEveryRow() async throws {
        try await withPool { pool in
            try await pool.run("CREATE TABLE item (id uuid PRIMARY KEY, n int8, body jsonb)")
            let ids = (0..<1000).map { _ in UUID() }
            let insert = PostgresStatement(
                name: "item_insert", sql: "INSERT INTO item SELECT * FROM unnest($1::uuid[], $2::int8[], $3::jsonb[])")
            let result = try await pool.query(
                insert,
                [
                    .uuidArray(ids), .int64Array(ids.indices.map { $0.isMultiple(of: 2) ? nil : Int64($0) }),
                    .jsonArray(ids.indices.map { Array(#"{"n":\#($0)}"#.utf8) }),
                ])
            #expect(result.affectedRows == 1000)
            #expect(result.commandTag == "INSERT 0 1000")
            let sums = try await pool.run("SELECT sum(n) AS a, count(n) AS b, sum((body->>'n')::int) AS c FROM item")[0]
            #expect(try sums.get("a", as: Int.self) == 250_000)
            #expect(try sums.get("b", as: Int.self) == 500)
            #expect(try sums.get("c", as: Int.self) == 499_500)
        }
    }
}
