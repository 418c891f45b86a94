using System.Collections.Frozen;
using System.Globalization;
using System.Net;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>How a condition compares a value of the request with one of the policy.</summary>
/// <remarks>https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html</remarks>
internal sealed class ConditionOperator
{
    private static readonly FrozenDictionary<string, ConditionOperator> All = Build().ToFrozenDictionary(StringComparer.Ordinal);

    private readonly Func<string, bool, Func<string, ConditionValues, bool>> _prepare;

    private ConditionOperator(Func<string, bool, Func<string, ConditionValues, bool>> prepare, bool isNegated = false,
        Func<string, bool>? isFixed = null)
    {
        (_prepare, IsNegated) = (prepare, isNegated);
        IsFixed = isFixed ?? (static value => !value.Contains('$', StringComparison.Ordinal));
    }

    /// <summary>Whether it is met if no value matches.</summary>
    public bool IsNegated { get; }

    /// <summary>Whether it asks if there is a value.</summary>
    public bool IsNull { get; private init; }

    /// <summary>Whether a value of the policy has no wildcard, or is a narrow network.</summary>
    public Func<string, bool> IsFixed { get; }

    /// <summary>The operator of that name; null if there is none.</summary>
    public static ConditionOperator? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>Reads a value of the policy.</summary>
    /// <returns>Whether a value of a request matches it.</returns>
    /// <exception cref="FormatException">It is not valid for this operator.</exception>
    public Func<string, ConditionValues, bool> Prepare(string value, bool hasVariables) => _prepare(value, hasVariables);

    private static IEnumerable<KeyValuePair<string, ConditionOperator>> Build()
    {
        foreach (var (name, not, prepare, isFixed) in ((string, string, Func<string, bool, Func<string, ConditionValues, bool>>,
            Func<string, bool>?)[])
        [
            ("StringEquals", "StringNotEquals", (text, variables) => Text(text, false, variables, false), null),
            ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", (text, variables) => Text(text, false, variables, true), null),
            ("StringLike", "StringNotLike", (text, variables) => Text(text, true, variables, false), IsPlain),
            ("ArnEquals", "ArnNotEquals", (text, variables) => Text(text, true, variables, false), IsPlain),
            ("ArnLike", "ArnNotLike", (text, variables) => Text(text, true, variables, false), IsPlain),
            ("IpAddress", "NotIpAddress", static (text, _) => Network(text), IsNarrow),
            ("NumericEquals", "NumericNotEquals", static (text, _) => Number(text, static order => order == 0), null),
            ("DateEquals", "DateNotEquals", static (text, _) => Date(text, static order => order == 0), null),
        ])
        {
            yield return new(name, new(prepare, isFixed: isFixed));
            yield return new(not, new(prepare, isNegated: true));
        }

        foreach (var (name, isMet) in ((string, Func<int, bool>)[])
        [
            ("LessThan", static order => order < 0), ("LessThanEquals", static order => order <= 0),
            ("GreaterThan", static order => order > 0), ("GreaterThanEquals", static order => order >= 0),
        ])
        {
            yield return new("Numeric" + name, new((text, _) => Number(text, isMet), isFixed: static _ => false));
            yield return new("Date" + name, new((text, _) => Date(text, isMet), isFixed: static _ => false));
        }

        yield return new("Bool", new(static (text, _) => Flag(text), isFixed: static _ => false));
        yield return new("BinaryEquals", new(static (text, _) => Text(text, false, false, false)));
        yield return new("Null", new(static (_, _) => static (_, _) => false) { IsNull = true });
    }

    private static bool IsPlain(string value) => !value.AsSpan().ContainsAny('*', '?', '$');

    private static Func<string, ConditionValues, bool> Text(string text, bool hasWildcards, bool hasVariables, bool ignoresCase) =>
        new PolicyPattern(text, hasWildcards, hasVariables, ignoresCase).Matches;

    private static Func<string, ConditionValues, bool> Number(string text, Func<int, bool> isMet)
    {
        var wanted = ParseNumber(text) ?? throw new FormatException($"{text} is not a number");
        return (actual, _) => ParseNumber(actual) is { } number && isMet(number.CompareTo(wanted));
    }

    private static decimal? ParseNumber(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static Func<string, ConditionValues, bool> Date(string text, Func<int, bool> isMet)
    {
        var wanted = ParseDate(text) ?? throw new FormatException($"{text} is not a date");
        return (actual, _) => ParseDate(actual) is { } date && isMet(date.CompareTo(wanted));
    }

    /// <summary>ISO 8601, or seconds since 1970.</summary>
    private static DateTimeOffset? ParseDate(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : text.Length >= 10 && char.IsAsciiDigit(text[0]) && DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;

    private static Func<string, ConditionValues, bool> Flag(string text)
    {
        var wanted = bool.TryParse(text, out var flag) ? flag : throw new FormatException($"{text} is not true or false");
        return (actual, _) => bool.TryParse(actual, out var value) && value == wanted;
    }

    private static Func<string, ConditionValues, bool> Network(string text)
    {
        var network = ParseNetwork(text) ?? throw new FormatException($"{text} is not an address or a range of addresses");
        return (actual, _) => IPAddress.TryParse(actual, out var address)
            && network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }

    private static IPNetwork? ParseNetwork(string text)
    {
        var slash = text.IndexOf('/');
        if (!IPAddress.TryParse(slash < 0 ? text : text.AsSpan(0, slash), out var address))
        {
            return null;
        }

        var all = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128;
        var length = all;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length)
            || length > all))
        {
            return null;
        }

        // Bits behind the prefix do not count, as in AWS: IPNetwork refuses them.
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] &= (byte)(0xFF << (8 - Math.Clamp(length - (i * 8), 0, 8)));
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }

    private static bool IsNarrow(string text) => ParseNetwork(text) is { } network
        && network.PrefixLength >= (network.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 8 : 32);
}
