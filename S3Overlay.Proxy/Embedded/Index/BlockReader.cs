namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Walks the entries of a block: length of the key, length of the value plus one (0 for a deleted key), key, value.</summary>
internal struct BlockReader(byte[] block)
{
    private readonly int _end = block.Length - 4;
    private int _at;
    private int _key;
    private int _keyLength;
    private int _valueLength;

    public readonly ReadOnlySpan<byte> Key => block.AsSpan(_key, _keyLength);

    public readonly bool IsDeleted => _valueLength < 0;

    public readonly ReadOnlySpan<byte> Value => block.AsSpan(_key + _keyLength, Math.Max(_valueLength, 0));

    public bool Next()
    {
        if (_at >= _end)
        {
            return false;
        }

        _keyLength = (int)Number();
        _valueLength = (int)Number() - 1;
        _key = _at;
        _at += _keyLength + Math.Max(_valueLength, 0);
        return true;
    }

    private uint Number()
    {
        uint value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var octet = block[_at++];
            value |= (uint)(octet & 0x7F) << shift;
            if (octet < 0x80)
            {
                return value;
            }
        }
    }
}
