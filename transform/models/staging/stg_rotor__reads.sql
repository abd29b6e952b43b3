{{ readings_of('rotor') }}
