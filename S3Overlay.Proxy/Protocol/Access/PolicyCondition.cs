namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>One condition of a statement: an operator, a key, and values of which one has to match.</summary>
/// <remarks>https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html</remarks>
public sealed class PolicyCondition
{
    private readonly ConditionOperator _operator;
    private readonly IReadOnlyList<Func<string, ConditionValues, bool>> _matches;
    private readonly bool _isForAll;
    private readonly bool _isForAny;
    private readonly bool _ifExists;
    private readonly bool _wantsNone;

    private PolicyCondition(string name, string key, IReadOnlyList<string> values, bool hasVariables)
    {
        var rest = name;
        _isForAll = Cut(ref rest, "ForAllValues:");
        _isForAny = !_isForAll && Cut(ref rest, "ForAnyValue:");
        _ifExists = rest.EndsWith("IfExists", StringComparison.Ordinal);
        rest = _ifExists ? rest[..^"IfExists".Length] : rest;
        _operator = ConditionOperator.Find(rest) ?? throw new FormatException($"The condition operator {name} is not known");
        if (!ConditionKeys.IsKnown(key))
        {
            throw new FormatException("Policy has an invalid condition key");
        }

        if (_operator.IsNull)
        {
            _wantsNone = values is ["true"] || (values is ["false"] ? false : throw new FormatException("Null is true or false"));
        }

        (Key, Values) = (key, values);
        _matches = _operator.IsNull ? [] : [.. values.Select(value => _operator.Prepare(value, hasVariables))];
        IsFixed = !_operator.IsNull && !_operator.IsNegated && !_ifExists && !_isForAll && values.All(_operator.IsFixed);
    }

    /// <summary>The condition key.</summary>
    public string Key { get; }

    /// <summary>The values as in the policy.</summary>
    public IReadOnlyList<string> Values { get; }

    /// <summary>Whether only listed values meet it: no wildcards, and not everything else.</summary>
    public bool IsFixed { get; }

    /// <summary>Reads a condition.</summary>
    /// <exception cref="FormatException">Operator, key or a value is not known or not valid.</exception>
    public static PolicyCondition Read(string name, string key, IReadOnlyList<string> values, bool hasVariables) =>
        new(name, key, values, hasVariables);

    /// <summary>Whether a request meets it.</summary>
    public bool IsMet(ConditionValues values)
    {
        var actual = values(Key) ?? [];
        if (_operator.IsNull)
        {
            return _wantsNone == (actual.Count == 0);
        }

        if (actual.Count == 0)
        {
            return _isForAll || (!_isForAny && (_ifExists || _operator.IsNegated)) || (_isForAny && _ifExists);
        }

        return _isForAll ? actual.All(each => Meets(each, values))
            : _isForAny || !_operator.IsNegated ? actual.Any(each => Meets(each, values))
            : actual.All(each => Meets(each, values));
    }

    private bool Meets(string actual, ConditionValues values)
    {
        foreach (var matches in _matches)
        {
            if (matches(actual, values))
            {
                return !_operator.IsNegated;
            }
        }

        return _operator.IsNegated;
    }

    private static bool Cut(ref string name, string prefix)
    {
        var isThere = name.StartsWith(prefix, StringComparison.Ordinal);
        name = isThere ? name[prefix.Length..] : name;
        return isThere;
    }
}
