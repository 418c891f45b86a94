using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Hosting.Commands;

// The runtime reads these before the first socket exists.
ProcessSettings.Apply();
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
