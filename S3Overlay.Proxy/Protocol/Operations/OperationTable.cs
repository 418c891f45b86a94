using System.Collections.Frozen;

namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>
/// Which operations there are: S3's own (<see cref="OfS3"/>), or those and what one make of store has beyond them
/// (<see cref="StoreMake.Operations"/>).
/// </summary>
/// <remarks>
/// Where several rows fit a request, the first counts: those with a selector before those without, and S3's before a store's own.
/// </remarks>
public sealed class OperationTable
{
    /// <summary>S3's own operations.</summary>
    public static readonly OperationTable OfS3 = new(S3Operations.Rows, []);

    private readonly FrozenDictionary<(string Method, TargetLevel Level), OperationRow[]> _rows;
    private readonly FrozenDictionary<S3Operation, FrozenSet<string>> _parameters;
    private readonly FrozenSet<string> _selectors;
    private readonly FrozenSet<string> _names;

    private OperationTable(IReadOnlyList<OperationRow> rows, IReadOnlyList<OperationRow> own)
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
    public IReadOnlyList<OperationRow> Rows { get; }

    /// <summary>This table and further rows. One takes the place of a row that refuses the same.</summary>
    public OperationTable With(params OperationRow[] own) => new([.. Rows], own);

    /// <summary>The row that fits a request; null where none does.</summary>
    public OperationRow? Find(string method, TargetLevel level, S3Query query)
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

    /// <summary>Whether a query parameter of that name asks for an operation of its own, of whatever method.</summary>
    public bool IsSelector(string name) => _selectors.Contains(name);

    /// <summary>Whether any operation knows a query parameter of that name.</summary>
    public bool Knows(string name) => _names.Contains(name);

    /// <summary>The query parameters that an operation knows.</summary>
    public FrozenSet<string> ParametersOf(S3Operation operation) => _parameters.GetValueOrDefault(operation) ?? FrozenSet<string>.Empty;
}

/// <summary>One operation as it stands on the wire.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Level">What the path names.</param>
/// <param name="Selector">The query parameter that asks for it (<c>acl</c>); empty where the path alone does.</param>
/// <param name="Operation">The operation; <see cref="S3Operation.Unknown"/> for one that S3 has and that is refused here with 501.</param>
/// <param name="Parameters">Further query parameters that it knows. All others are left out of what goes on to a store.</param>
public sealed record OperationRow(string Method, TargetLevel Level, string Selector, S3Operation Operation, params string[] Parameters);

/// <summary>What the path of a request names.</summary>
public enum TargetLevel
{
    /// <summary>The service: <c>/</c>.</summary>
    Service,

    /// <summary>A bucket.</summary>
    Bucket,

    /// <summary>An object.</summary>
    Object,
}
