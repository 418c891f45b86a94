using System.Collections.Frozen;

namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>
/// The table of operations: S3's own (<see cref="OfS3"/>), and what a vendor's store adds (<see cref="StoreMake.Operations"/>).
/// </summary>
/// <remarks>The first matching row wins: rows with a selector before those without, and S3's before a store's own.</remarks>
public sealed class OperationTable
{
    /// <summary>S3's own operations.</summary>
    public static readonly OperationTable OfS3 = new(S3Operations.Rows, []);

    private readonly FrozenDictionary<(string Method, TargetLevel Level), Row[]> _rows;
    private readonly FrozenDictionary<S3Operation, FrozenSet<string>> _parameters;
    private readonly FrozenSet<string> _selectors;
    private readonly FrozenSet<string> _names;

    private OperationTable(IReadOnlyList<Row> rows, IReadOnlyList<Row> own)
    {
        var all = rows.Where(row => !own.Any(each => (each.Method, each.Level, each.Selector) == (row.Method, row.Level, row.Selector)
            && row.Operation == S3Operation.Unknown)).Concat(own).ToList();
        Rows = all;
        _rows = all.GroupBy(static row => (row.Method, row.Level)).ToFrozenDictionary(
            static group => group.Key, static group => group.OrderBy(static row => row.Selector.Length == 0).ToArray());
        _parameters = all.GroupBy(static row => row.Operation).ToFrozenDictionary(
            static group => group.Key,
            static group => group.SelectMany(static row => row.Parameters.Append(row.Selector)).Where(static name => name.Length > 0)
                .ToFrozenSet(StringComparer.Ordinal));
        _selectors = all.Select(static row => row.Selector).Where(static name => name.Length > 0).ToFrozenSet(StringComparer.Ordinal);
        _names = all.SelectMany(static row => row.Parameters).Concat(_selectors).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>All rows.</summary>
    public IReadOnlyList<Row> Rows { get; }

    /// <summary>Adds rows. One replaces a row that rejects the same request.</summary>
    public OperationTable With(params Row[] own) => new([.. Rows], own);

    /// <summary>The row of a request; null for none.</summary>
    public Row? Find(string method, TargetLevel level, S3Query query)
    {
        if (!_rows.TryGetValue((method, level), out var rows))
        {
            return null;
        }

        foreach (var row in rows)
        {
            if (row.Selector.Length == 0 || (query.Parameters.Count > 0 && query.Has(row.Selector)))
            {
                return row;
            }
        }

        return null;
    }

    /// <summary>Whether a query parameter selects an operation, of any method.</summary>
    public bool IsSelector(string name) => _selectors.Contains(name);

    /// <summary>Whether any operation has a query parameter of that name.</summary>
    public bool Knows(string name) => _names.Contains(name);

    /// <summary>The query parameters of an operation.</summary>
    public FrozenSet<string> ParametersOf(S3Operation operation) => _parameters.GetValueOrDefault(operation) ?? FrozenSet<string>.Empty;

    /// <summary>One operation.</summary>
    /// <param name="Level">What the path names.</param>
    /// <param name="Selector">The query parameter that selects it (<c>acl</c>); empty if the path is enough.</param>
    /// <param name="Operation">The operation; <see cref="S3Operation.Unknown"/> if S3 has it and this proxy answers 501.</param>
    /// <param name="Parameters">More query parameters that it accepts. Others are not forwarded to a store.</param>
    public sealed record Row(string Method, TargetLevel Level, string Selector, S3Operation Operation, params string[] Parameters);
}

/// <summary>What a request's path names.</summary>
public enum TargetLevel
{
    /// <summary>The service: <c>/</c>.</summary>
    Service,

    /// <summary>A bucket.</summary>
    Bucket,

    /// <summary>An object.</summary>
    Object,
}
