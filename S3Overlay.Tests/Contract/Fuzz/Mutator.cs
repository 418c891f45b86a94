using System.Text;
using System.Text.RegularExpressions;

namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>Damages documents at random. The same seed damages the same document in the same way.</summary>
internal sealed partial class Mutator(int seed)
{
    /// <summary>Values that parsers trip over, in the place of any value.</summary>
    private static readonly string[] Values =
    [
        "", " ", "0", "-1", "1", "+1", "1.5", "1e9", "2147483647", "2147483648", "-9223372036854775808", "9223372036854775808",
        "99999999999999999999999999", "0x10", "NaN", "true", "TRUE", "null", "*", "**", "?", "%", "%00", "%zz", "%ED%A0%80", "..", "/",
        "//",
        "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2030-02-30T00:00:00Z", "2030-01-01",
        "2030-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", "Thu, 01 Jan 1970 00:00:00 GMT", "24:00", "é", "\u202E", "\uFFFD",
        "\uFFFE",
        "\U0001F600", "id=\"\"", "id=x,id=x", "${aws:username}", "${", "${*}", "arn:aws:s3:::", "arn:::::", "&#xD800;", "&#xDC00;", "&#0;",
        "&#1;", "&#13;", "&#x110000;", "&#xFFFE;", "&lt;", "&none;", "<![CDATA[x]]>", "<!-- x -->", "<?x y?>", "\\ud800", "\\udc00",
        "\\u0000", "\\", "\"", "'", "\t", "\u007f", "\u0000",
    ];

    /// <summary>Texts that start something, anywhere.</summary>
    private static readonly string[] Insertions =
    [
        "<!DOCTYPE x [<!ENTITY e \"eeeeeeee\">]>", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">", "&e;", "<?xml version=\"1.1\"?>",
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "<?xml version=\"1.0\" encoding=\"nonsense\"?>", "\uFEFF", "<x>", "</x>", "<x/>",
        "<", ">", "]]>", "<![CDATA[", "<!--", "-->", "{", "}", "[", "]", ",", ":", "\"", "\r\n", "\u0000", "<a:b/>", "<xml/>",
        "<x xmlns=\"\"/>", "<x xmlns:a=\"b\" a:c=\"d\"/>", "//", "/*",
    ];

    private readonly Random _random = new(seed);

    /// <summary>One to three changes.</summary>
    public byte[] Mutate(byte[] document)
    {
        for (var left = _random.Next(1, 4); left > 0; left--)
        {
            document = MutateOnce(document);
        }

        return document;
    }

    /// <summary>A text with one change that a header or a target can carry.</summary>
    public string MutateValue(string value) => _random.Next(4) switch
    {
        0 => Printable(Pick(Values)),
        1 => Printable(Encoding.Latin1.GetString(MutateOnce(Encoding.Latin1.GetBytes(value)))),
        2 => value + Printable(Pick(Values)),
        _ => string.Concat(Enumerable.Repeat(value, _random.Next(2, 40))),
    };

    /// <summary>True with a chance of one in <paramref name="of"/>.</summary>
    public bool Chance(int of) => _random.Next(of) == 0;

    private byte[] MutateOnce(byte[] document) => _random.Next(13) switch
    {
        0 => Flip(document),
        1 => document[.._random.Next(document.Length + 1)],
        2 => Without(document),
        3 => Repeat(document, _random.Next(2, 5)),
        4 => Repeat(document, _random.Next(50, 2000)),
        5 => Insert(document, Encoding.UTF8.GetBytes(Pick(Insertions))),
        6 => Insert(document, Nest()),
        7 => Insert(document, LongText()),
        8 => [.. Encoding.UTF8.Preamble, .. document],
        9 => _random.Next(8) == 0 ? Encoding.Unicode.GetBytes('\uFEFF' + Encoding.UTF8.GetString(document)) : Rename(document),
        _ => Replace(document),
    };

    private byte[] Flip(byte[] document)
    {
        document = [.. document];
        for (var left = document.Length == 0 ? 0 : _random.Next(1, 4); left > 0; left--)
        {
            document[_random.Next(document.Length)] ^= (byte)(1 << _random.Next(8));
        }

        return document;
    }

    private byte[] Without(byte[] document)
    {
        var (start, end) = Piece(document);
        return [.. document[..start], .. document[end..]];
    }

    private byte[] Repeat(byte[] document, int times)
    {
        var (start, end) = Piece(document);
        var piece = document[start..end];
        times = Math.Min(times, 1 + (200_000 / (piece.Length + 1)));
        return [.. document[..start], .. Enumerable.Repeat(piece, times).SelectMany(static each => each), .. document[end..]];
    }

    private byte[] Insert(byte[] document, byte[] what)
    {
        var at = _random.Next(document.Length + 1);
        return [.. document[..at], .. what, .. document[at..]];
    }

    private byte[] Nest()
    {
        var levels = _random.Next(2) == 0 ? _random.Next(1, 70) : 20_000;
        var (open, close) = Pick([("<x>", "</x>"), ("[", "]"), ("{\"a\":", "}"), ("<Filter>", "</Filter>")]);
        return Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, levels)) + string.Concat(Enumerable.Repeat(close, levels)));
    }

    private byte[] LongText() =>
        Encoding.UTF8.GetBytes(new string(Pick(['a', 'é', '*', '&', '%', '"', '\\', ' ', '<', '/', '.']), Pick([129, 257, 1025, 70_000])));

    /// <summary>Another value in the place of one.</summary>
    private byte[] Replace(byte[] document)
    {
        var text = Encoding.UTF8.GetString(document);
        return Value().Matches(text) is { Count: > 0 } values && Pick<Match>(values) is var one
            ? Encoding.UTF8.GetBytes(text[..one.Index] + Pick(Values) + text[(one.Index + one.Length)..]) : Flip(document);
    }

    /// <summary>The name of one element or field in the place of another's.</summary>
    private byte[] Rename(byte[] document)
    {
        var text = Encoding.UTF8.GetString(document);
        var names = Name().Matches(text).Select(static name => name.Value).Distinct().ToList();
        return names.Count < 2 ? Flip(document)
            : Encoding.UTF8.GetBytes(text.Replace(Pick(names), Pick(names), StringComparison.Ordinal));
    }

    /// <summary>An element, or any other part.</summary>
    private (int Start, int End) Piece(byte[] document)
    {
        var text = Encoding.Latin1.GetString(document);
        if (_random.Next(3) > 0 && Element().Matches(text) is { Count: > 0 } elements)
        {
            var one = Pick<Match>(elements);
            var end = text.IndexOf($"</{one.Groups[1].Value}>", one.Index, StringComparison.Ordinal);
            return (one.Index, end < 0 ? one.Index + one.Length : end + one.Groups[1].Length + 3);
        }

        var start = _random.Next(document.Length + 1);
        return (start, _random.Next(start, document.Length + 1));
    }

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    /// <summary>Headers and targets end at the end of their line, which other tests are about.</summary>
    private static string Printable(string text) =>
        string.Concat(text.Where(static c => c is >= ' ' and not '\u007f' and <= '\u00ff')).Trim();

    [GeneratedRegex("(?<=>)[^<>]+(?=<)|(?<=\")[^\"]*(?=\")|[0-9]+")]
    private static partial Regex Value();

    [GeneratedRegex("(?<=</?)[A-Za-z]+|(?<=\")[A-Za-z:]+(?=\":)")]
    private static partial Regex Name();

    [GeneratedRegex("<([A-Za-z]+)[^>]*>")]
    private static partial Regex Element();
}
