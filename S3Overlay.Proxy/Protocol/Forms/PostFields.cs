namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>The fields of a form before its file. Names are case-insensitive, as in S3.</summary>
public sealed class PostFields
{
    /// <summary>Replaced by the file's name in any field.</summary>
    public const string FileNameVariable = "${filename}";

    private readonly List<KeyValuePair<string, string>> _fields = [];

    /// <summary>All of them, in the order sent.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> All => _fields;

    /// <summary>The value of a field; null where it was not sent.</summary>
    public string? this[string name] => IndexOf(name) is var i && i >= 0 ? _fields[i].Value : null;

    /// <summary>Adds a field.</summary>
    /// <exception cref="S3Exception">
    /// InvalidArgument if the field was sent before: the policy could be checked against one value and the object stored with the other.
    /// </exception>
    public void Add(string name, string value)
    {
        if (IndexOf(name) >= 0 && !IsIgnored(name))
        {
            throw S3Exception.Argument("A field of the form is given more than once.", name, value);
        }

        _fields.Add(new(name, value));
    }

    /// <summary>
    /// Inserts the file's name, without its path, where fields contain <see cref="FileNameVariable"/>. Without a file name, the variable
    /// stays, as in S3.
    /// </summary>
    /// <param name="fileName">The name as sent; null if none was sent.</param>
    /// <param name="limit">The most characters of all values afterwards. The request is not authenticated yet.</param>
    /// <exception cref="S3Exception">MaxPostPreDataLengthExceededError.</exception>
    public void PutFileName(string? fileName, int limit)
    {
        if (fileName is null)
        {
            return;
        }

        var name = fileName[(fileName.LastIndexOfAny(['/', '\\']) + 1)..];
        var length = 0L;
        foreach (var (_, value) in _fields)
        {
            length += value.Length + ((long)value.AsSpan().Count(FileNameVariable) * (name.Length - FileNameVariable.Length));
        }

        if (length > limit)
        {
            throw new S3Exception(S3Errors.MaxPostPreDataLengthExceeded);
        }

        for (var i = 0; i < _fields.Count; i++)
        {
            if (_fields[i].Value.Contains(FileNameVariable, StringComparison.Ordinal))
            {
                _fields[i] = new(_fields[i].Key, _fields[i].Value.Replace(FileNameVariable, name, StringComparison.Ordinal));
            }
        }
    }

    /// <summary>Whether a field belongs to the page and means nothing to S3.</summary>
    public static bool IsIgnored(string name) => name.StartsWith("x-ignore-", StringComparison.OrdinalIgnoreCase);

    private int IndexOf(string name) => _fields.FindIndex(field => field.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
}
